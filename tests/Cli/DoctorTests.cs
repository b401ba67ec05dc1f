using System.Text.Json;
using PciBackFlow.Cli.Terminal;
using PciBackFlow.Cli.Tests.Serve;

namespace PciBackFlow.Cli.Tests;

public sealed class DoctorTests
{
    [Theory]
    [InlineData("doctor --builtin e1000e", ExitCode.Done, "Nothing stops a passthrough.")]
    [InlineData("doctor --builtin root-port", ExitCode.Refused, "1 would stop a passthrough.")]
    public void Of_a_capture_it_says_what_the_function_tells(string line, int code, string verdict)
    {
        var run = CliRun.OfLine(line);

        Assert.Equal(code, run.ExitCode);
        Assert.Contains(verdict, run.Output, StringComparison.Ordinal);
        Assert.Contains("host-unknown", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_capture_is_one_that_could_not_be_looked_at()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["config"], [0x86, 0x80, 0xD3, 0x10, .. new byte[4], 0, 0, 0, 2, .. new byte[52]]);

        var run = CliRun.Of("doctor", "--from-dump", folder["config"], "--json");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal("could_not_look", JsonDocument.Parse(run.Output).RootElement.GetProperty("verdict").GetString());
    }

    [Fact]
    public void Json_has_code_severity_reason_evidence_and_remedy()
    {
        var run = CliRun.OfLine("doctor --builtin root-port --json");

        JsonElement root = JsonDocument.Parse(run.Output).RootElement;
        JsonElement worst = root.GetProperty("findings")[0];
        Assert.Equal(("bridge", "refusal"), (worst.GetProperty("code").GetString(), worst.GetProperty("severity").GetString()));
        Assert.All(["device", "reason", "evidence"], name => Assert.Equal(JsonValueKind.String, worst.GetProperty(name).ValueKind));
        Assert.Equal("0000:00:0a.0", root.GetProperty("devices")[0].GetProperty("address").GetString());
    }

    [Fact]
    public void It_looks_at_this_host_without_a_daemon_and_without_xen()
    {
        using TemporaryFolder folder = new();

        var run = CliRun.Of("doctor", "--run", folder["run"], "--json");

        Assert.Contains(run.ExitCode, new[] { ExitCode.Done, ExitCode.Failed, ExitCode.Refused });
        Assert.Contains(
            JsonDocument.Parse(run.Output).RootElement.GetProperty("findings").EnumerateArray(),
            finding => finding.GetProperty("code").GetString() == "no-daemon");
    }

    [Theory]
    [InlineData("doctor 00:77.0", ExitCode.WrongWords)]
    [InlineData("doctor 00:04.0 --builtin e1000e", ExitCode.WrongWords)]
    [InlineData("doctor ffff:ff:1f.7", ExitCode.Failed)]
    public void What_is_not_there_is_said(string line, int code) => Assert.Equal(code, CliRun.OfLine(line).ExitCode);

    [Fact]
    public void Before_an_attach_it_says_what_the_attach_says()
    {
        using RunningDaemon daemon = new();
        Assert.Equal(ExitCode.Done, daemon.Ask("doctor 00:04.0").ExitCode);
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        CliRun said = daemon.Ask("doctor 00:04.0");
        CliRun done = daemon.Ask("pci-attach demo2 00:04.0");

        Assert.Equal((ExitCode.Refused, ExitCode.Refused), (said.ExitCode, done.ExitCode));
        Assert.Contains("0000:00:04.0 belongs to domain 1", said.Output, StringComparison.Ordinal);
        Assert.Contains("belongs to domain 1", done.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_live_tree_is_printed_whole_and_in_parts()
    {
        using RunningDaemon daemon = new();
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        JsonElement all = daemon.Ask("inspect").Json();
        JsonElement part = daemon.Ask("inspect guests/1/functions/0000:00:04.0/registers").Json();
        CliRun nothing = daemon.Ask("inspect guests/1/functions/0000:00:05.0");

        Assert.All(
            ["daemon", "shards", "guests", "devices", "journal", "messages", "policies", "errors", "configuration"],
            name => Assert.True(all.TryGetProperty(name, out _), name));
        JsonElement guest = all.GetProperty("guests").GetProperty("1");
        Assert.Equal("demo1", guest.GetProperty("name").GetString());

        // What a restart reads of the guest, and of its registers.
        Assert.Equal(1, guest.GetProperty("left").GetProperty("format").GetInt32());
        Assert.Equal(guest.GetProperty("left").GetProperty("handle").GetString(), part.GetProperty("handle").GetString());
        Assert.Equal("0x10d38086", part.GetProperty("values").GetProperty("0x000").GetString());
        Assert.Contains(all.GetProperty("journal").EnumerateObject(), record => record.Value.GetProperty("device").GetString() == "0000:00:04.0");
        Assert.Equal(ExitCode.Failed, nothing.ExitCode);
        Assert.Contains("there is 0000:00:04.0", nothing.Errors, StringComparison.Ordinal);
    }
}
