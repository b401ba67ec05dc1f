using System.Text.Json;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests;

public sealed class LearnTests
{
    [Fact]
    public void The_printed_policy_allows_what_was_denied_and_nothing_else()
    {
        // PCI Express Device Control of the e1000e is denied by default: the error reporting enables belong to the host.
        string[] write = ["explain", "--builtin", "e1000e", "--json", "CAP_EXP+8.w=f"];
        JsonElement before = Assert.Single(CliRun.Of(write).Json().EnumerateArray());
        Assert.NotEqual(0u, before.GetProperty("denied_bits").GetUInt32());

        CliRun run = CliRun.OfLine("learn --builtin e1000e CAP_EXP+8.w=f").Succeeded();
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.json", run.Output);

        JsonElement after = Assert.Single(CliRun.Of([.. write, "--policy", policy]).Json().EnumerateArray());
        Assert.Equal(0u, after.GetProperty("denied_bits").GetUInt32());
        JsonElement rule = Assert.Single(JsonDocument.Parse(run.Output).RootElement.GetProperty("rules").EnumerateArray());
        Assert.Equal("PCIe Device Control", rule.GetProperty("register").GetString());
        Assert.Equal(before.GetProperty("denied_bits").GetUInt32(), Convert.ToUInt32(rule.GetProperty("mask").GetString(), 16));
        Assert.Empty(run.Errors);
    }

    [Fact]
    public void Accesses_come_from_a_file_with_comments_and_from_the_command_line_in_this_order()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("accesses.txt", "# what the driver does\n\n  CAP_EXP+8.w=f  # error reporting\r\nCOMMAND\n");

        CliRun both = CliRun.Of("learn", "--builtin", "e1000e", "--from", file, "ECAP_AER+14=40").Succeeded();

        Assert.Equal(
            ["PCIe Device Control", "AER Correctable Error Mask"],
            JsonDocument.Parse(both.Output).RootElement.GetProperty("rules").EnumerateArray().Select(rule => rule.GetProperty("register").GetString()!));
        Assert.Equal(both.Output, CliRun.OfLine("learn --builtin e1000e CAP_EXP+8.w=f COMMAND ECAP_AER+14=40").Succeeded().Output);
    }

    [Fact]
    public void The_basis_is_kept_and_what_it_allows_is_not_learned_again()
    {
        using var folder = new TemporaryFolder();
        string basis = folder.Write("basis.json", CliRun.OfLine("learn --builtin e1000e CAP_EXP+8.w=f").Succeeded().Output);

        CliRun same = CliRun.Of("learn", "--builtin", "e1000e", "--policy", basis, "CAP_EXP+8.w=f").Succeeded();
        Assert.Equal(File.ReadAllText(basis), same.Output);
        Assert.Contains("nothing of it is denied", same.Errors, StringComparison.Ordinal);

        CliRun permissive = CliRun.OfLine("learn --builtin e1000e --permissive CAP_EXP+8.w=f").Succeeded();
        Assert.Equal("permissive", JsonDocument.Parse(permissive.Output).RootElement.GetProperty("profile").GetString());
        Assert.Empty(JsonDocument.Parse(permissive.Output).RootElement.GetProperty("rules").EnumerateArray());
    }

    [Fact]
    public void A_policy_is_refined_in_its_own_file_as_a_whole_and_keeps_what_it_had()
    {
        using var folder = new TemporaryFolder();
        string policy = folder["nic.json"];
        Assert.Equal("", CliRun.Of("learn", "--builtin", "e1000e", "--output", policy, "CAP_EXP+8.w=f").Succeeded().Output);
        File.SetUnixFileMode(policy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(folder["link.json"], "nic.json");

        CliRun.Of("learn", "--builtin", "e1000e", "--policy", policy, "--output", folder["link.json"], "ECAP_AER+14=40").Succeeded();

        Assert.Equal(
            ["PCIe Device Control", "AER Correctable Error Mask"],
            JsonDocument.Parse(File.ReadAllText(policy)).RootElement.GetProperty("rules").EnumerateArray()
                .Select(rule => rule.GetProperty("register").GetString()!));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(policy));
        Assert.Equal("nic.json", new FileInfo(folder["link.json"]).LinkTarget);
        Assert.Equal(2, Directory.GetFiles(folder["."]).Length);
    }

    [Theory]
    [InlineData("learn --builtin e1000e --from /nowhere/accesses.txt --output", "cannot read /nowhere/accesses.txt")]
    [InlineData("learn --trace /nowhere/denied.trace --output", "cannot read /nowhere/denied.trace")]
    public void One_that_fails_leaves_the_file_as_it_was(string line, string reason)
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("nic.json", "{}");

        var run = CliRun.OfLine($"{line} {policy}");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains(reason, run.Errors, StringComparison.Ordinal);
        Assert.Equal("{}", File.ReadAllText(policy));
    }

    [Theory]
    [InlineData("/nowhere/nic.json")]
    [InlineData("/dev/null")]
    public void A_file_that_cannot_be_replaced_is_named_and_nothing_is_written(string file)
    {
        var run = CliRun.Of("learn", "--builtin", "e1000e", "--output", file, "CAP_EXP+8.w=f");

        Assert.Equal((ExitCode.Failed, ""), (run.ExitCode, run.Output));
        Assert.Contains($"cannot write {file}", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_policy_opens_is_said_beside_the_policy()
    {
        CliRun run = CliRun.OfLine("learn --builtin e1000e CAP_MSI+4=fee00000 CAP_EXP+8.w=f").Succeeded();

        Assert.Contains("no policy allows bits 0xfee00000 of the write 0xd4.l=fee00000 (MSI ", run.Errors, StringComparison.Ordinal);
        Assert.Single(JsonDocument.Parse(run.Output).RootElement.GetProperty("rules").EnumerateArray());
    }

    [Theory]
    [InlineData("COMMAND\nCAP_EXP+8.q=1\n", ":2", "a size is .b, .w or .l")]
    [InlineData("zzz\n", ":1", "unknown register 'zzz'")]
    public void A_wrong_line_of_the_file_is_refused_with_its_number(string text, string place, string reason)
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("accesses.txt", text);

        var run = CliRun.Of("learn", "--builtin", "e1000e", "--from", file);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains(file + place, run.Errors, StringComparison.Ordinal);
        Assert.Contains(reason, run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_failure_that_names_it()
    {
        var run = CliRun.OfLine("learn --builtin e1000e --from /nowhere/accesses.txt");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("cannot read /nowhere/accesses.txt", run.Errors, StringComparison.Ordinal);
    }
}
