using System.Text.Json;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Cli.Serve;
using PciBackFlow.Cli.Terminal;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Cli.Tests.Serve;

public sealed class DaemonConfigurationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_option_wins_over_the_file_the_file_over_the_default_and_each_origin_is_kept()
    {
        string file = _folder.Write("config.json", """{ "spin": 5, "slots": "passthrough", /* comments are fine */ "topology": "queued", }""");

        DaemonSettings settings = DaemonConfiguration.Load(file, new DaemonOptions { Spin = 9 }, () => "loopback");

        Assert.Equal((9, SlotMode.Passthrough, PipelineTopology.Queued, 0, "loopback"), (
            settings.SpinMicroseconds, settings.Slots, settings.Topology, settings.Shards, settings.Platform));
        Assert.Equal(
            [("platform", "detected"), ("topology", $"file {file}"), ("shards", "default"), ("spin", "option --spin"), ("slots", $"file {file}")],
            settings.Reports.Take(5).Select(report => (report.Key, report.Origin)));
    }

    [Fact]
    public void Policies_are_profiles_or_files_beside_the_configuration_and_a_devices_one_builds_on_the_general_one()
    {
        _folder.Write("nic.json", """{ "allow_function_reset": true }""");
        string file = _folder.Write(
            "config.json",
            """
            {
              "policy": "strict",
              "devices": { "03:00.0": { "policy": "nic.json" }, "0000:04:00.0": { "policy": "permissive" }, "05:00.0": {}, "06:00.0": { "policy": "igb" } }
            }
            """);

        DaemonSettings settings = DaemonConfiguration.Load(file, new DaemonOptions(), () => "loopback");

        PolicyResolver policies = new(settings.Policies);
        AccessPolicy nic = policies.Resolve(new PciAddress(0, 3, 0, 0));
        Assert.Equal((PolicyProfile.Strict, true), (nic.Profile.Value, nic.AllowFunctionReset.Value));
        Assert.Equal($"configuration {file} policy", nic.Profile.Origin.ToString());
        Assert.Equal(PolicyProfile.Permissive, policies.Resolve(new PciAddress(0, 4, 0, 0)).Profile.Value);
        Assert.Contains("igb", Assert.Single(policies.Resolve(new PciAddress(0, 6, 0, 0)).Rules).Reason, StringComparison.Ordinal);
        Assert.Same(PolicyStatement.Nothing, settings.Policies.Devices.For(new PciAddress(0, 5, 0, 0), settings.Policies.Present));
        Assert.Equal(PolicyProfile.Strict, policies.Resolve(new PciAddress(0, 5, 0, 0)).Profile.Value);
    }

    [Fact]
    public void Refusals_are_moved_as_the_file_says_and_the_others_weigh_what_they_did()
    {
        string file = _folder.Write("config.json", """{ "refusals": { "shared-line": "judgement", "siblings": "warning", "no-reset": "none" } }""");

        DaemonSettings settings = DaemonConfiguration.Load(file, new DaemonOptions(), () => "loopback");

        Assert.Equal(
            [("refusals.shared-line", "judgement"), ("refusals.siblings", "warning"), ("refusals.no-reset", "none")],
            settings.Reports.Where(report => report.Key.StartsWith("refusals", StringComparison.Ordinal)).Select(report => (report.Key, report.Value)));
        Assert.Equal(
            [RefusalWeight.Judgement, RefusalWeight.Warning, RefusalWeight.None, RefusalWeight.Judgement],
            new[] { "shared-line", "siblings", "no-reset", "in-use" }.Select(settings.Refusals.WeightOf));
        Assert.Same(RefusalPolicy.Default, DaemonConfiguration.Load(_folder.Write("empty.json", "{}"), new DaemonOptions(), () => "loopback").Refusals);
    }

    [Theory]
    [InlineData("""{ "shards": 300 }""", "shards: takes \"auto\" or a whole number from 1 to 256, not 300")]
    [InlineData("""{ "shards": "many" }""", "shards: takes \"auto\" or a whole number from 1 to 256, not \"many\"")]
    [InlineData("""{ "spin": -1 }""", "spin: takes a whole number from 0 to 1000000, not -1")]
    [InlineData("""{ "spin": 1.5 }""", "spin: takes a whole number")]
    [InlineData("""{ "metrics_port": 70000 }""", "metrics_port: takes a whole number from 0 to 65535, not 70000")]
    [InlineData("""{ "sample": -1 }""", "sample: takes a whole number from 0 to 1000000, not -1")]
    [InlineData("""{ "topology": "dataflow" }""", "topology: takes \"fused\", \"queued\", not \"dataflow\"")]
    [InlineData("""{ "slots": true }""", "slots: takes \"vpci\", \"passthrough\", not true")]
    [InlineData("""{ "run": "" }""", "run: takes a string")]
    [InlineData("""{ "spim": 1 }""", "Did you mean 'spin'?")]
    [InlineData("""{ "nothing-like-it": 1 }""", "Known are")]
    [InlineData("""{ "spin": 1, "spin": 2 }""", "the key stands twice")]
    [InlineData("""{ "policy": "lenient" }""", "takes default, permissive, strict, qemu-xen, igb, iwlwifi, r8169, snd-hda-intel, uhci-hcd or a policy file")]
    [InlineData("""{ "policy": "absent.json" }""", "absent.json")]
    [InlineData("""{ "devices": { "3:00.0": {} } }""", "'3:00.0' is not a PCI address")]
    [InlineData("""{ "devices": { "class=2": {} } }""", "'class=2' names no device: a class is two, four or six hexadecimal digits (character 7)")]
    [InlineData("""{ "devices": { "ID=8086:10d3": {} } }""", "path=pciDDDD:BB/SS.F")]
    [InlineData("""{ "devices": { "id=8086:10d3": { "policy": "strict" }, "id=8086:10D3": { "policy": "strict" } } }""", "id=8086:10d3 stands twice")]
    [InlineData("""{ "devices": { "03:00.0": { "polici": "strict" } } }""", "devices.03:00.0.polici: there is no such key")]
    [InlineData("""{ "devices": { "03:00.0": { "policy": "strict" }, "0000:03:00.0": { "policy": "strict" } } }""", "stands twice")]
    [InlineData("""{ "quirks": ["nonsense"] }""", "quirk 'nonsense' is wrong")]
    [InlineData("""{ "quirks": "03:00.0-0:1:ff" }""", "quirks: takes an array of strings")]
    [InlineData("""{ "refusals": { "shard-line": "none" } }""", "refusals.shard-line: there is no refusal of this name whose weight is a matter of opinion")]
    [InlineData("""{ "refusals": { "shard-line": "none" } }""", "Did you mean 'shared-line'?")]
    [InlineData("""{ "refusals": { "owned": "warning" } }""", "refusals.owned: there is no refusal of this name whose weight is a matter of opinion")]
    [InlineData("""{ "refusals": { "no-reset": "impossible" } }""", "refusals.no-reset: takes \"judgement\", \"warning\", \"none\", not \"impossible\"")]
    [InlineData("""{ "refusals": { "no-reset": "none", "no-reset": "none" } }""", "refusals.no-reset: the key stands twice")]
    [InlineData("""{ "refusals": ["no-reset"] }""", "refusals: takes an object")]
    [InlineData("""[]""", "the file: takes an object")]
    [InlineData("{\n\"spin\": oops }", "line 2: not JSON")]
    [InlineData("""{ "state": "\ud800" }""", "not Unicode")]
    [InlineData("""{ "\ud800": 1 }""", "not Unicode")]
    [InlineData("""{ "quirks": ["\udfff"] }""", "not Unicode")]
    public void What_is_wrong_is_named_with_its_key_its_value_and_what_would_be_right(string text, string expected)
    {
        string file = _folder.Write("config.json", text);

        var run = CliRun.Of("serve", "--check", "--config", file);

        Assert.Equal((ExitCode.WrongWords, ""), (run.ExitCode, run.Output));
        Assert.Contains(file, run.Errors, StringComparison.Ordinal);
        Assert.Contains(expected, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_was_named_must_be_there()
    {
        var run = CliRun.Of("serve", "--check", "--config", _folder["absent.json"]);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("absent.json", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_prints_every_value_with_its_origin_as_a_table_and_as_JSON()
    {
        string table = CliRun.OfLine("serve --check --platform loopback --shards 3").Succeeded().Output;
        JsonElement json = CliRun.OfLine("serve --check --json --platform loopback").Json();

        Assert.Matches(@"shards +3 +option --shards", table);
        Assert.Matches(@"spin +20 +default", table);
        Assert.Equal(["key", "value", "origin"], json[0].EnumerateObject().Select(property => property.Name));
    }
}
