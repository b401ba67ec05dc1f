using System.Diagnostics;

namespace PciBackFlow.Lab.Tests;

/// <summary>What the lab concludes from what dom0 reports; these run without it.</summary>
public sealed class LabItselfTests
{
    public static TheoryData<string> Scripts =>
        [.. Directory.GetFiles(ScenarioScript.Folder, "*.sh", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(ScenarioScript.Folder, path))];

    [Theory]
    [InlineData("CASE A begin|CASE A ok|BOOT done", true, null, null)]
    [InlineData("CASE A begin|CASE A FAILED it is so|BOOT done", true, null, "FAILED it is so")]
    [InlineData("CASE A begin", true, "the boot was not done after 480 s", "the boot was not done after 480 s; the case never reported its end")]
    [InlineData("CASE A begin|CASE A ok|CASE B begin", true, "the boot was not done after 480 s", null)]
    [InlineData("CASE B begin|CASE B ok|BOOT done", true, null, "dom0 went down early; the case never began")]
    [InlineData("CASE AB begin|CASE AB ok", true, null, "dom0 went down early; the case never began")]
    [InlineData("CASE A begin|CASE A ok|BOOT done", false, null, "dom0 did not report the tested program's SHA-256; ok")]
    [InlineData("", false, "the lab cannot start: no such file", "the lab cannot start: no such file; the case never began")]
    public void A_case_holds_only_if_a_boot_of_the_tested_program_reported_it(string reports, bool isProven, string? trouble, string? verdict)
    {
        var record = new BootRecord("boot.log", [], reports.Split('|'), isProven, trouble);

        Assert.Equal(verdict, record.VerdictOf("A"));
    }

    [Theory]
    [InlineData("CASE A begin|CASE A FAILED guest good is gone", "good: RSP: e02b:ffffc90040173eb0 EFLAGS: 05c440a2", null, true)]
    [InlineData("CASE A begin|CASE A FAILED guest good is gone", "good: RSP: e02b:ffffc90040173eb0 EFLAGS: 00010246", null, false)]
    [InlineData("CASE A begin|CASE A FAILED guest good is gone", "good: RSP: e02b:ffffc90040173eb0 EFLAGS: 003f7fd7", null, false)]
    [InlineData("CASE A begin|CASE A FAILED guest good is gone", "good: RSP: e02b:ffffc90040173eb0 EFLAGS: 00400246 ORIG_RAX", null, true)]
    [InlineData("CASE A begin|CASE A ok", "good: RSP: e02b:ffffc90040173eb0 EFLAGS: 05c440a2", null, false)]
    [InlineData("CASE A begin", "good: RSP: e02b:ffffc90040173eb0 EFLAGS: 05c440a2", "the boot was not done after 480 s", true)]
    [InlineData("CASE A begin", "nothing", "the boot was not done after 480 s", false)]
    [InlineData("", "nothing", BootRecord.NeverUp, true)]
    [InlineData("", "nothing", BootRecord.EmulatorCrashed, true)]
    public void A_boot_whose_emulator_broke_a_kernel_is_made_again(string reports, string line, string? trouble, bool saysNothing)
    {
        var record = new BootRecord("boot.log", [line], reports.Split('|'), IsProven: true, trouble);

        Assert.Equal(saysNothing, record.SaysNothing);
    }

    [Fact]
    public void A_failure_shows_the_cases_own_part_of_the_log()
    {
        string[] lines = ["before", "[ 1.00] ## CASE A begin", "what happened", "[ 2.00] ## CASE A FAILED it is so", "after"];

        Assert.Equal(string.Join('\n', lines[1..4]), new BootRecord("boot.log", lines, [], IsProven: true, null).ExcerptOf("A"));
    }

    [Fact]
    public void Every_script_has_a_scenario_and_every_scenario_cases_in_its_script()
    {
        IReadOnlyList<Type> scenarios = ScenarioScript.Scenarios;
        string[] scripts = Directory.GetFiles(Path.Combine(ScenarioScript.Folder, "Scenarios"), "*.sh");

        Assert.Equal(scripts.Select(Path.GetFileNameWithoutExtension).Order(), scenarios.Select(type => type.Name).Order());
        Assert.All(scenarios, type => Assert.NotEmpty(ScenarioScript.CasesOf(type)));
        Assert.All(scenarios, type => Assert.Distinct(ScenarioScript.CasesOf(type)));
    }

    [Fact]
    public void The_disks_of_every_scenario_are_copies_of_the_one_in_the_hosts_folder()
    {
        IEnumerable<string> disks = ScenarioScript.Scenarios
            .Select(type => (Machine?)type.GetProperty(nameof(IScenario.Machine))?.GetValue(null) ?? Machine.Standard)
            .SelectMany(machine => machine.Command("/hosts/one", "dom0.cpio", "reports", "monitor"))
            .Where(argument => argument.Contains("disk.img", StringComparison.Ordinal));

        Assert.NotEmpty(disks);
        Assert.All(disks, argument =>
        {
            Assert.Contains("file=/hosts/one/disk.img", argument, StringComparison.Ordinal);
            Assert.Contains("snapshot=on", argument, StringComparison.Ordinal);
        });
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void The_shell_can_read_a_script(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-n", Path.Combine(ScenarioScript.Folder, script)]) { RedirectStandardError = true })!;
        string complaint = shell.StandardError.ReadToEnd();
        shell.WaitForExit();

        Assert.True(shell.ExitCode == 0, complaint);
    }
}
