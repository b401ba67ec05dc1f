using System.Text.Json;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>The daemon and the verbs that ask it, end to end over the machine in memory.</summary>
public sealed class ServeTests
{
    [Fact]
    public void A_daemon_prints_ready_alone_and_ends_with_0_when_it_is_told_to()
    {
        using var daemon = new RunningDaemon();

        CliRun run = daemon.Stop();

        Assert.Equal((ExitCode.Done, "ready\n"), (run.ExitCode, run.Output));
        Assert.Equal(["grants.journal", "lock", "starts"], Directory.GetFiles(daemon.Directory).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_guest_gets_a_device_is_listed_with_it_and_lets_it_go()
    {
        using var daemon = new RunningDaemon();

        Assert.Equal("", daemon.Ask("pci-list demo1").Succeeded().Output);
        Assert.Equal("", daemon.Ask("pci-attach demo1 00:04.0").Succeeded().Output);
        daemon.Ask("pci-attach 1 00:05.0,permissive=1").Succeeded();

        Assert.Equal("Vdev Device\n00.0 0000:00:04.0\n01.0 0000:00:05.0\n", daemon.Ask("pci-list demo1").Succeeded().Output);
        Assert.Equal("connected", daemon.Ask("pci-list demo1 --json").Json()[0].GetProperty("state").GetString());
        Assert.DoesNotContain("0000:00:04.0", daemon.Ask("pci-assignable-list").Succeeded().Output, StringComparison.Ordinal);
        daemon.Ask("pci-detach demo1 00:04.0").Succeeded();
        Assert.Equal("Vdev Device\n01.0 0000:00:05.0\n", daemon.Ask("pci-list demo1").Succeeded().Output);
        Assert.Contains("0000:00:04.0", daemon.Ask("pci-assignable-list").Succeeded().Output, StringComparison.Ordinal);
        daemon.Ask("pci-detach demo1 00:05.0").Succeeded();
        Assert.Equal("", daemon.Ask("pci-list demo1").Succeeded().Output);
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
    }

    [Fact]
    public void A_slot_that_is_taken_is_refused_with_who_has_it_and_without_one_nothing_is_said()
    {
        using var daemon = new RunningDaemon();
        daemon.Ask("pci-attach demo1 00:04.0@1f").Succeeded();

        CliRun refused = daemon.Ask("pci-attach demo1 00:05.0@1f");

        Assert.Equal(Terminal.ExitCode.Failed, refused.ExitCode);
        Assert.Contains("slot 1f of domain 1 is taken: 0000:00:04.0 has it", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("", daemon.Ask("pci-attach demo1 00:05.0").Succeeded().Errors);
        Assert.Equal("Vdev Device\n1f.0 0000:00:04.0\n00.0 0000:00:05.0\n", daemon.Ask("pci-list demo1").Succeeded().Output);
    }

    [Fact]
    public void Status_shows_the_guest_what_it_did_and_the_policy_that_holds_with_its_origin()
    {
        using var daemon = new RunningDaemon("--spin", "7");
        daemon.Ask("pci-attach demo2 00:05.0,permissive=1").Succeeded();

        // Attached is what the backend says; the guest writes its own Connected when it saw ours.
        Assert.True(SpinWait.SpinUntil(
            () => daemon.Ask("status --json").Json().GetProperty("guests")[0].GetProperty("frontend").GetString() == "connected", 10_000));
        JsonElement status = daemon.Ask("status --json").Json();
        JsonElement guest = Assert.Single(status.GetProperty("guests").EnumerateArray());
        Assert.Equal(("demo2", "connected", "connected"), (
            guest.GetProperty("name").GetString(), guest.GetProperty("backend").GetString(), guest.GetProperty("frontend").GetString()));
        Assert.True(guest.GetProperty("counters").GetProperty("config_reads").GetInt64() > 0);
        JsonElement function = Assert.Single(guest.GetProperty("functions").EnumerateArray());
        JsonElement interrupts = function.GetProperty("interrupts");
        Assert.Equal(("intx", 0), (interrupts.GetProperty("mode").GetString(), interrupts.GetProperty("vectors").GetInt32()));
        JsonElement profile = function.GetProperty("policy")[0];
        Assert.Equal(("profile", "permissive", "toolstack options opts-0"), (
            profile.GetProperty("key").GetString(), profile.GetProperty("value").GetString(), profile.GetProperty("origin").GetString()));
        JsonElement spin = status.GetProperty("configuration").EnumerateArray().Single(setting => setting.GetProperty("key").GetString() == "spin");
        Assert.Equal(("7", "option --spin"), (spin.GetProperty("value").GetString(), spin.GetProperty("origin").GetString()));

        string text = daemon.Ask("status").Succeeded().Output;
        Assert.Contains("2 demo2", text, StringComparison.Ordinal);
        Assert.Contains("permissive", text, StringComparison.Ordinal);
        Assert.Contains("option --spin", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_decides_each_devices_policy_and_status_says_that_it_did()
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("nic.json", """{ "rules": [ { "offset": 64, "size": 4, "allow": true } ] }""");
        string config = folder.Write("config.json", """{ "policy": "strict", "devices": { "00:04.0": { "policy": "nic.json" } } }""");
        using var daemon = new RunningDaemon("--config", config);
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        (string?, string?, string?)[] settings =
            daemon.Ask("status --json").Json().GetProperty("guests")[0].GetProperty("functions")[0].GetProperty("policy").EnumerateArray()
            .Select(setting => (
                setting.GetProperty("key").GetString(), setting.GetProperty("value").GetString(),
                setting.GetProperty("origin").GetString())).ToArray();

        Assert.Contains(("profile", "strict", $"configuration {config} policy"), settings);
        Assert.Contains(("rules", "1", $"policy file {policy}"), settings);
    }

    [Fact]
    public void Devices_are_named_and_given_back_as_xl_does()
    {
        using var daemon = new RunningDaemon();

        daemon.Ask("pci-assignable-add -n nic 00:04.0").Succeeded();
        Assert.Contains("0000:00:04.0 nic\n", daemon.Ask("pci-assignable-list -n").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("0000:00:04.0\n", daemon.Ask("pci-assignable-list").Succeeded().Output, StringComparison.Ordinal);
        daemon.Ask("pci-attach demo1 name=nic").Succeeded();
        CliRun inUse = daemon.Ask("pci-assignable-remove nic");
        daemon.Ask("pci-detach demo1 name=nic").Succeeded();
        daemon.Ask("pci-assignable-remove --force -r nic").Succeeded();
        daemon.Ask("pci-assignable-remove -r 00:04.0").Succeeded();

        Assert.Equal(ExitCode.Refused, inUse.ExitCode);
        Assert.DoesNotContain("0000:00:04.0", daemon.Ask("pci-assignable-list").Succeeded().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pci-attach demo2 00:04.0", "pci-attach demo2 00:04.0 --force")]
    [InlineData("pci-assignable-remove 00:04.0", "pci-assignable-remove 00:04.0 --force")]
    public void A_device_whose_former_guest_lives_is_refused_with_exit_code_3_until_a_person_insists(string line, string insisting)
    {
        using var daemon = new RunningDaemon();
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
        daemon.Ask("pci-detach demo1 00:04.0").Succeeded();

        CliRun refused = daemon.Ask(line);

        Assert.Equal((ExitCode.Refused, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("former-guest", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("domain 1 had its memory", refused.Errors, StringComparison.Ordinal);
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
        daemon.Ask("pci-detach demo1 00:04.0").Succeeded();
        daemon.Ask(insisting).Succeeded();
    }

    [Fact]
    public void The_host_does_not_sleep_while_a_guest_has_a_device_unless_a_person_insists()
    {
        using var daemon = new RunningDaemon();
        daemon.Ask("host-suspend").Succeeded();
        daemon.Ask("host-resume").Succeeded();
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        CliRun refused = daemon.Ask("host-suspend");

        Assert.Equal((ExitCode.Refused, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("0000:00:04.0 is in use by domain 1", refused.Errors, StringComparison.Ordinal);
        daemon.Ask("host-suspend --force").Succeeded();
        daemon.Ask("host-resume").Succeeded();
        Assert.Contains("0000:00:04.0", daemon.Ask("pci-list demo1").Succeeded().Output, StringComparison.Ordinal);
        daemon.Ask("pci-detach demo1 00:04.0").Succeeded();
        daemon.Ask("host-suspend").Succeeded();
    }

    [Theory]
    [InlineData("pci-attach nobody 00:04.0", ExitCode.Failed, "there is no domain 'nobody'")]
    [InlineData("pci-attach demo1 00:0a.0", ExitCode.Failed, "is not assignable")]
    [InlineData("pci-attach demo1 00:4.9", ExitCode.WrongWords, "a function is 0 to 7")]
    [InlineData("pci-attach demo1 00:04.0,permisive=1", ExitCode.WrongWords, "permisive")]
    [InlineData("pci-attach 0 00:04.0", ExitCode.Refused, "domain 0")]
    [InlineData("pci-detach demo1 00:04.0", ExitCode.Failed, "does not have")]
    [InlineData("pci-list 77", ExitCode.Failed, "no domain 77")]
    [InlineData("pci-assignable-add 00:0a.0", ExitCode.Refused, "bridge")]
    [InlineData("pci-assignable-add 00:1f.7", ExitCode.Failed, "no device")]
    [InlineData("pci-assignable-add 00:1g.7", ExitCode.WrongWords, "^")]
    [InlineData("pci-assignable-remove nobody", ExitCode.Failed, "nobody")]
    public void What_cannot_be_done_is_said_with_the_contracts_exit_code(string line, int code, string reason)
    {
        using var daemon = new RunningDaemon();

        CliRun run = daemon.Ask(line);

        Assert.Equal(code, run.ExitCode);
        Assert.Contains(reason, run.Errors, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public void A_caret_stands_under_the_wrong_character_of_a_device_specification()
    {
        using var daemon = new RunningDaemon();

        string[] lines = daemon.Ask("pci-attach demo1 00:0g.0").Errors.Split('\n');

        Assert.Equal("  00:0g.0", lines[1]);
        Assert.Equal(lines[1].IndexOf('g', StringComparison.Ordinal), lines[2].IndexOf('^', StringComparison.Ordinal));
    }

    [Fact]
    public void A_second_daemon_in_the_same_run_directory_is_refused_and_the_first_goes_on()
    {
        using var daemon = new RunningDaemon();

        var second = CliRun.Of("serve", "--platform", "loopback", "--run", daemon.Directory);

        Assert.Equal((ExitCode.Refused, ""), (second.ExitCode, second.Output));
        Assert.Contains($"process {Environment.ProcessId}", second.Errors, StringComparison.Ordinal);
        daemon.Ask("status").Succeeded();
    }

    [Theory]
    [InlineData("status")]
    [InlineData("pci-assignable-list")]
    [InlineData("pci-attach demo1 00:04.0")]
    [InlineData("pci-list demo1")]
    public void Without_a_daemon_a_verb_says_where_it_looked_and_what_to_do(string line)
    {
        using var folder = new TemporaryFolder();

        var run = CliRun.OfLine($"{line} --run {folder["nobody"]}");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains($"no daemon answers at {folder["nobody"]}", run.Errors, StringComparison.Ordinal);
        Assert.Contains("--run", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_this_host_cannot_serve_Xens_guests_serve_refuses_and_says_what_to_do()
    {
        if (Directory.Exists("/proc/xen") && File.Exists("/proc/xen/capabilities"))
        {
            Assert.Skip("this host is one that can");
        }

        using var folder = new TemporaryFolder();

        var run = CliRun.Of("serve", "--platform", "xen", "--run", folder["run"], "--state", folder["state"]);

        Assert.Equal((ExitCode.Refused, ""), (run.ExitCode, run.Output));
        Assert.Contains("Xen", run.Errors, StringComparison.Ordinal);
    }
}
