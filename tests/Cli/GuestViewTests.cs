using System.Text.Json;
using PciBackFlow.Cli.Terminal;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Cli.Tests;

public sealed class GuestViewTests
{
    public static TheoryData<string> Builtins => [.. BuiltinCaptures.Names];

    [Theory]
    [MemberData(nameof(Builtins))]
    public void The_dump_of_a_builtin_function_is_read_back_with_its_address_and_ids(string name)
    {
        string text = CliRun.Of("guest-view", "--builtin", name).Succeeded().Output;

        CapturedConfig view = Assert.Single(LspciDump.Parse("view", text));
        Assert.True(BuiltinCaptures.TryLoad(name, out Capture? capture));
        Assert.Equal(capture.Functions[0].Address, view.Address);
        Assert.Equal(capture.Functions[0].Bytes.Length, view.Bytes.Length);
        Assert.Equal(capture.Functions[0].Bytes[..4].ToArray(), view.Bytes[..4].ToArray());
    }

    [Fact]
    public void Without_a_source_all_builtin_captures_are_shown_as_one_machine()
    {
        IReadOnlyList<CapturedConfig> machine = LspciDump.Parse("view", CliRun.Of("guest-view").Succeeded().Output);

        Assert.Equal(BuiltinCaptures.Names.Count, machine.Count);
        Assert.Equal(machine.Select(function => function.Address).Order(), machine.Select(function => function.Address));
    }

    [Fact]
    public void Json_holds_the_same_bytes_as_the_dump()
    {
        CapturedConfig view = Assert.Single(LspciDump.Parse("view", CliRun.OfLine("guest-view --builtin e1000e").Succeeded().Output));

        JsonElement json = Assert.Single(CliRun.OfLine("guest-view --builtin e1000e --json").Json().EnumerateArray());
        Assert.Equal("0000:00:04.0", json.GetProperty("address").GetString());
        Assert.Equal(Convert.ToHexStringLower(view.Bytes.Span), json.GetProperty("bytes").GetString());
        Assert.Equal(4096, json.GetProperty("size").GetInt32());
        Assert.Equal(JsonValueKind.Array, json.GetProperty("failed_offsets").ValueKind);
    }

    [Fact]
    public void One_function_of_a_dump_is_picked_by_its_address()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("two.txt", FailureTests.Dump("00:02.0", 0) + FailureTests.Dump("00:03.0", 1));

        CapturedConfig view = Assert.Single(LspciDump.Parse("view", CliRun.Of("guest-view", "--from-dump", path, "--function", "00:03.0").Succeeded().Output));

        Assert.Equal(PciAddress.Parse("00:03.0"), view.Address);
    }

    [Fact]
    public void A_CardBus_bridge_among_others_is_refused_and_the_others_are_shown()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("three.txt", FailureTests.Dump("00:02.0", 0) + FailureTests.CardBusDump + FailureTests.Dump("02:00.0", 1));

        var run = CliRun.Of("guest-view", "--from-dump", path);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("refused: 0000:01:03.0", run.Errors, StringComparison.Ordinal);
        Assert.Equal(2, LspciDump.Parse("view", run.Output).Count);
    }

    [Fact]
    public void An_honest_shadow_is_said_in_one_line_beside_the_dump()
    {
        CliRun plain = CliRun.OfLine("guest-view --builtin e1000e").Succeeded();
        CliRun run = CliRun.OfLine("guest-view --builtin e1000e --verify-shadow").Succeeded();

        Assert.Equal(plain.Output, run.Output);
        Assert.Matches(@"^pcibackflow: \d+ dwords of 1 function compared with the hardware: all equal\s*$", run.Errors);
    }

    [Fact]
    public void A_dishonest_shadow_is_said_by_register_and_ends_with_1()
    {
        Assert.True(BuiltinCaptures.TryLoad("e1000e", out Capture? capture));
        CapturedConfig config = capture.Functions[0];

        // A Subsystem ID that is another one at every reading.
        var function = new Sources.SourceFunction(config.Address, HeaderKind.Device, "restless", () => new Restless(config));
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var console = new CliConsole(output, errors, Stream.Null, outputIsTerminal: false, progressIsTerminal: false, () => CancellationToken.None);

        int code = Verbs.GuestViewVerb.Show(console, [function], new(new()), asJson: false, verify: true);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Single(LspciDump.Parse("view", output.ToString()));
        string[] lines = errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Contains("0000:00:04.0 Subsystem ID (0x2e, 2 bytes): the shadow has 0x", lines[0], StringComparison.Ordinal);
        Assert.Contains("1 differ", lines[1], StringComparison.Ordinal);
    }

    private sealed class Restless(CapturedConfig config) : EmulatedFunction(config.Address, "restless", config.Bytes.Span), IPciFunction
    {
        private uint _reads;

        bool IConfigSpace.TryRead(int offset, int size, out uint value)
        {
            if ((offset & ~3) == 0x2C)
            {
                SetHardware(0x2E, 2, ++_reads);
            }

            return TryRead(offset, size, out value);
        }
    }
}
