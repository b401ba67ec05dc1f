using System.Diagnostics;
using System.Text.Json;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Cli.Tests;

/// <summary>Dumps as people bring them, through the verbs. Made here, after the shapes that bug reports have.</summary>
public sealed class PeoplesDumpsTests : IDisposable
{
    private const string VirtualFunctionBytes =
        "00=ffffffff 06=1000 0a=0002 34=40 40=115002800300000003200000 50=10000200c18f0010 a0=ffffffff";

    private const string VirtualRegion = "Region 0: [virtual] Memory at d0000000 (64-bit, non-prefetchable) [size=16K]";

    private const string Ide = "00=86801070 08=01800101 20=41c00000";
    private const string Ports = "Region 4: I/O ports at c040 [size=16]";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_virtual_functions_guest_sees_the_hosts_ids_and_regions()
    {
        string dump = _folder.Write("vf.txt", DumpText.Of("05:10.0 Ethernet controller [0200]: Example [8086:10ca]", VirtualRegion, VirtualFunctionBytes));

        CliRun run = CliRun.Of("guest-view", "--from-dump", dump).Succeeded();

        ReadOnlySpan<byte> seen = Assert.Single(LspciDump.Parse("view", run.Output)).Bytes.Span;
        Assert.Equal("pcibackflow: 0000:05:10.0: only the first 256 bytes were captured", run.Errors.Trim());
        Assert.Equal("8680ca10000010000000000200000000040000d0", Convert.ToHexStringLower(seen[..0x14]));
        // Behind a register of all ones goes on what was captured.
        Assert.Equal("ffffffff00000000", Convert.ToHexStringLower(seen.Slice(0xA0, 8)));
        Assert.Equal("1150028003000000", Convert.ToHexStringLower(seen.Slice(0x40, 8)));

        string[] explained = Values(CliRun.Of(
            "explain", "--json", "--from-dump", dump, "0", "10", "10=ffffffff", "14=ffffffff", "10", "14", "10=d0000000", "10"));
        Assert.Equal(["10ca8086", "d0000004", "ffffc004", "ffffffff", "d0000004"], explained);
    }

    [Fact]
    public void Ids_that_a_dump_does_not_tell_are_said_to_be_unknown()
    {
        string dump = _folder.Write("vf.txt", DumpText.Of("05:10.0 Ethernet controller: Example", VirtualRegion, VirtualFunctionBytes));

        foreach (string verb in new[] { "guest-view", "explain 0", "learn 0", "devices" })
        {
            CliRun run = CliRun.OfLine($"{verb} --from-dump {dump}").Succeeded();
            Assert.Contains("0000:05:10.0: a virtual function whose ids the capture does not tell", run.Errors, StringComparison.Ordinal);
        }

        Assert.Contains(" unknown ", CliRun.OfLine($"devices --from-dump {dump}").Output, StringComparison.Ordinal);
        JsonElement row = Assert.Single(CliRun.OfLine($"devices --json --from-dump {dump}").Json().EnumerateArray());
        Assert.Equal(JsonValueKind.Null, row.GetProperty("vendor_id").ValueKind);
        Assert.Equal(JsonValueKind.Null, row.GetProperty("vendor_name").ValueKind);
    }

    [Theory]
    [InlineData("Region 0: Memory at d0000000 (64-bit, non-prefetchable)", VirtualFunctionBytes, "d0000004", "ffffc004", "ffffffff")]
    [InlineData("[virtual] Memory at 46000000000 (64-bit, prefetchable)", "00=34120100 10=0c000000 14=60040000", "0000000c", "0000000c", "fffffff0", "64G")]
    [InlineData("Region 0: Memory at <unassigned> (64-bit, prefetchable)", "00=34120100 10=0c000000", "0000000c", "0000000c", "fffffff8", "32G")]
    [InlineData("Region 0: Memory at 000d0000 (low-1M, non-prefetchable)", "00=34120100 10=02000d00", "000d0002", "ffff0002", "ffffffff", "64K", "00000000")]
    public void A_region_is_sized_as_the_system_said(
        string decoded, string bytes, string read, string low, string high, string size = "16K", string? upper = null)
    {
        string dump = _folder.Write("dump.txt", DumpText.Of("05:10.0 Thing [8086:10ca]", $"{decoded} [size={size}]", bytes));

        string[] values = Values(CliRun.Of("explain", "--json", "--from-dump", dump, "10", "10=ffffffff", "10", "14=ffffffff", "14"));

        Assert.Equal([read, low, upper ?? high], values);
    }

    [Fact]
    public void Ports_that_no_register_holds_are_the_guests_too()
    {
        string dump = _folder.Write("ide.txt", DumpText.Of("00:01.1 IDE interface", Ports, Ide));

        CliRun run = CliRun.Of("guest-view", "--from-dump", dump).Succeeded();

        ReadOnlySpan<byte> seen = Assert.Single(LspciDump.Parse("view", run.Output)).Bytes.Span;
        Assert.Equal("f1010000f5030000710100007503000041c00000", Convert.ToHexStringLower(seen.Slice(0x10, 20)));
    }

    // What the system said has to survive being captured; lspci reads the file as before (every line it does not know is skipped).
    [Theory]
    [InlineData("05:10.0 Ethernet controller [0200]: Example [8086:10ca] (rev 01)", VirtualRegion, VirtualFunctionBytes)]
    [InlineData("00:01.1 IDE interface", Ports, Ide)]
    [InlineData("00:03.0 VGA", "[virtual] Expansion ROM at 000c0000 [disabled] [size=128K]|Region 5: Memory at f7020000 (64-bit, non-prefetchable) [size=16K]",
        "00=34121111 0a=0003 24=040002f7")]
    [InlineData("00:04.0 VGA",
        "Region 1: Memory at <unassigned> (64-bit, prefetchable) [size=32G]|Region 3: Memory at <ignored> (64-bit, prefetchable) [size=32M]",
        "00=34121111 0a=0003 14=0c000000")]
    [InlineData("00:05.0 Thing",
        "Region 0: Memory at 000d0000 (low-1M, non-prefetchable) [size=64K]|Region 1: Memory at f7000000 (type 3, prefetchable) [size=4K]",
        "00=34121111 10=02000d00 14=0e0000f7")]
    public void What_is_captured_is_what_the_system_said(string head, string decoded, string bytes)
    {
        using var one = new CapturedFunction("one", Assert.Single(LspciDump.Parse("one", DumpText.Of(head, decoded, bytes))));
        using var text = new StringWriter();

        Cli.Output.CaptureText.Write(text, one, "Thing (rev 01)");

        using var again = new CapturedFunction("again", Assert.Single(LspciDump.Parse("again", text.ToString())));
        Assert.Equal(one.BaseAddresses, again.BaseAddresses);
        Assert.Equal((one.VendorId, one.DeviceId, one.IsVirtualFunction), (again.VendorId, again.DeviceId, again.IsVirtualFunction));
        Assert.Equal(one.Snapshot(), again.Snapshot());
        if (File.Exists("/usr/bin/lspci"))
        {
            ProcessStartInfo start = new("/usr/bin/lspci", ["-n", "-xxx", "-F", _folder.Write("again.txt", text.ToString())]) { RedirectStandardOutput = true };
            using Process lspci = Process.Start(start)!;
            Assert.Equal(one.Snapshot(), Assert.Single(LspciDump.Parse("lspci", lspci.StandardOutput.ReadToEnd())).Bytes.ToArray());
        }
    }

    [Theory]
    [InlineData("guest-view")]
    [InlineData("devices")]
    [InlineData("explain 10")]
    [InlineData("learn 10=0")]
    public void A_size_that_the_dump_does_not_say_is_said_once_for_each_region(string words)
    {
        string dump = _folder.Write("plain.txt", DumpText.Of(
            "00:05.0 Thing", "Region 4: Memory at f4000000 (32-bit, non-prefetchable) [size=16M]",
            "00=86801533 10=040000f101000000 18=01e00000 20=000000f4 30=000000f6"));

        CliRun run = CliRun.OfLine($"{words} --from-dump {dump}").Succeeded();

        string[] said = [.. run.Errors.Split('\n').Where(line => line.Contains("assumed", StringComparison.Ordinal))];
        Assert.Equal(
            [
                "pcibackflow: 0000:00:05.0: BAR0: the capture does not say its size, 4096 bytes are assumed",
                "pcibackflow: 0000:00:05.0: BAR2: the capture does not say its size, 32 bytes are assumed",
                "pcibackflow: 0000:00:05.0: Expansion ROM: the capture does not say its size, 4096 bytes are assumed",
            ],
            said);
    }

    [Fact]
    public void Scripts_are_told_what_is_assumed()
    {
        string dump = _folder.Write("plain.txt", DumpText.Of("00:05.0 Thing", "", "00=86801533 10=000000f1 14=01e00000"));

        JsonElement view = Assert.Single(CliRun.OfLine($"guest-view --json --from-dump {dump}").Json().EnumerateArray());
        JsonElement device = Assert.Single(CliRun.OfLine($"devices --json --from-dump {dump}").Json().EnumerateArray());
        JsonElement[] explained = [.. CliRun.OfLine($"explain --json --from-dump {dump} 0 14=ffffffff 14").Json().EnumerateArray()];

        const string Both = """[{"register":"BAR0","size":4096},{"register":"BAR1","size":32}]""";
        Assert.Equal([Both, Both, """[{"register":"BAR1","size":32}]"""], new[] { view, device, explained[2] }.Select(Assumed));
        Assert.False(explained[0].TryGetProperty("assumed", out _));
        Assert.Empty(Assert.Single(CliRun.OfLine("guest-view --json --builtin e1000e").Json().EnumerateArray()).GetProperty("assumed").EnumerateArray());

        static string Assumed(JsonElement one) => JsonSerializer.Serialize(one.GetProperty("assumed"));
    }

    [Fact]
    public void A_register_that_a_dump_without_numbers_does_not_tell_is_said_to_be_assumed()
    {
        string dump = _folder.Write("vf.txt", DumpText.Of(
            "05:10.0 Thing [8086:10ca]",
            "[virtual] Memory at d0000000 (64-bit, non-prefetchable) [size=16K]|[virtual] Memory at d1000000 (64-bit, non-prefetchable) [size=16K]",
            VirtualFunctionBytes));

        CliRun run = CliRun.OfLine($"guest-view --from-dump {dump}").Succeeded();

        Assert.Contains("BAR2: the capture does not say which register this region is, this one is assumed", run.Errors, StringComparison.Ordinal);
        ReadOnlySpan<byte> seen = Assert.Single(LspciDump.Parse("view", run.Output)).Bytes.Span;
        Assert.Equal("040000d000000000040000d100000000", Convert.ToHexStringLower(seen.Slice(0x10, 16)));
    }

    [Fact]
    public void Of_what_does_not_answer_that_is_said_and_not_its_header_type()
    {
        string dump = _folder.Write("gone.txt", DumpText.Of("00:05.0 Thing", "", string.Concat(Enumerable.Range(0, 64).Select(at => $"{4 * at:x}=ffffffff "))));

        JsonElement device = Assert.Single(CliRun.OfLine($"devices --json --from-dump {dump}").Json().EnumerateArray());

        Assert.Equal("it does not answer (all ones): it was unplugged, or has no power", device.GetProperty("reasons")[0].GetString());
        Assert.DoesNotContain("header type", CliRun.OfLine($"load --duration 1 --from-dump {dump}").Errors.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_line_of_a_file_of_accesses_is_shown_with_the_caret_under_its_character()
    {
        string accesses = _folder.Write("accesses.txt", "COMMAND=6\n\n   CAP_EXP+8.q=1  # Device Control\n");

        var run = CliRun.OfLine($"learn --builtin e1000e --from {accesses}");

        Assert.Equal(Terminal.ExitCode.Failed, run.ExitCode);
        string[] lines = run.Errors.TrimEnd().Split('\n');
        Assert.Equal($"pcibackflow: {accesses}:3: a size is .b, .w or .l", lines[0]);
        Assert.Equal("  CAP_EXP+8.q=1", lines[1]);
        Assert.Equal("            ^", lines[2]);
        Assert.Equal("  An access is OFFSET[+N][.b|.w|.l][@N][=VALUE[:MASK]]; # begins a comment.", lines[3]);
    }

    // What a row says of writes has to hold under the policy that it is shown with.
    [Theory]
    [InlineData("default", "CAP_MSI+2.w", "changes are refused unless interrupt control is allowed")]
    [InlineData("permissive", "CAP_MSI+2.w", "changes are written through")]
    [InlineData("default, interrupts", "CAP_MSI+2.w", "the enable bits are the guest's (allow_interrupt_control)")]
    [InlineData("permissive", "CAP_MSIX+2.w", "changes are written through")]
    [InlineData("permissive", "COMMAND", "the others are written through")]
    [InlineData("default, interrupts", "COMMAND", "INTx disable is the guest's (allow_interrupt_control)")]
    [InlineData("default", "CAP_EXP+8.w", "dropped unless function reset is allowed")]
    [InlineData("strict", "CAP_EXP+8.w", "refused unless function reset is allowed")]
    [InlineData("permissive", "CAP_EXP+8.w", "carried out by the host")]
    [InlineData("qemu-xen", "CAP_MSI+4.l", "virtual; writes stay virtual")]
    [InlineData("qemu-xen", "CAP_PM+2.w", "writes ignored in every policy")]
    [InlineData("qemu-xen", "CAP_PM+4.w", "bits 0x810b are the guest's own copy")]
    [InlineData("default", "BASE_ADDRESS_5", "the host has no resource for it; hardware gets nothing")]
    public void A_rows_note_speaks_of_the_policy_it_is_shown_with(string policy, string access, string note)
    {
        string[] words = policy.Split(", ");
        string file = _folder.Write(
            "policy.json", $$"""{"profile":"{{words[0]}}","allow_interrupt_control":{{(words.Length > 1 ? "true" : "false")}}}""");
        string dump = _folder.Write("dump.txt", DumpText.Of(
            "00:05.0 Thing", "", "00=86801533 06=1000 34=40 40=0150030000000000 50=0570800100000000 70=11a0020000000000 a0=10000200000000101000", 256));

        Assert.Contains(note, CliRun.Of("explain", "--from-dump", dump, "--policy", file, access).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_number_of_captures_is_checked_in_one_run_that_ends_with_counts()
    {
        string good = _folder.Write(
            "dumps/good.txt", DumpText.Of("00:05.0 Thing", "", "00=86801533") + DumpText.Of("00:06.0 CardBus", "", "00=86801533 0e=02"));
        string bad = _folder.Write("dumps/more/bad.txt", "00:05.0 Thing\n00: 86 80 xx\n");
        _folder.Write("dumps/more/short.txt", DumpText.Of("00:05.0 Thing", "", ShortCapturesTests.Short(64), 64));

        var run = CliRun.Of("guest-view", "--check", _folder["dumps"]);
        JsonElement json = JsonDocument.Parse(CliRun.Of("guest-view", "--json", "--check", good, bad).Output).RootElement;

        Assert.Equal(Terminal.ExitCode.Failed, run.ExitCode);
        string[] lines = run.Output.TrimEnd().Split('\n');
        Assert.Equal($"{bad}: 2: 'xx' is not a byte of two hexadecimal digits", lines[0]);
        Assert.StartsWith(
            "3 files, 1 of them cannot be read; 3 functions: 2 views hold, 0 do not, 1 have none (CardBus, reserved header types, no answer); "
            + "1 captures are short; ",
            lines[1], StringComparison.Ordinal);
        Assert.Equal((2, 1, 2, 1, 0), (Number("files"), Number("unreadable"), Number("functions"), Number("shown"), Number("failed")));
        Assert.Equal(bad, json.GetProperty("problems")[0].GetProperty("place").GetString());
        Assert.Equal(Terminal.ExitCode.Done, CliRun.Of("guest-view", "--check", good, "--permissive").ExitCode);
        Assert.Equal(Terminal.ExitCode.WrongWords, CliRun.Of("guest-view", "--check", good, "--builtin", "e1000e").ExitCode);

        int Number(string name) => json.GetProperty(name).GetInt32();
    }

    // A disk behind Intel VMD, as Linux numbers it.
    [Fact]
    public void A_device_that_Xen_cannot_know_is_told_apart()
    {
        string dump = _folder.Write("vmd.txt", DumpText.Of("10000:e1:00.0 Non-Volatile memory controller", "", "00=86803315 0a=0801"));

        JsonElement device = Assert.Single(CliRun.OfLine($"devices --json --from-dump {dump}").Json().EnumerateArray());

        Assert.False(device.GetProperty("assignable").GetBoolean());
        Assert.Equal("its segment is 10000: Xen knows segments up to ffff, so that no guest can be given it", device.GetProperty("reasons")[0].GetString());
    }

    // A host's own functions: what sysfs says, and no register holds, has to survive being captured (Linux drivers/pci/iov.c; LEGACY_IO_RESOURCE).
    [Theory]
    [InlineData("00=ffffffff 0a=0002", "0x10ca", "0x00000000d0000000 0x00000000d0003fff 0x0000000000140204", true, "d0000004", "10ca8086")]
    [InlineData("00=86801070 08=01800101", "0x7010", "0x00000000000001f0 0x00000000000001f7 0x0000000000000110", false, "000001f1", "70108086")]
    public void What_sysfs_reports_of_a_function_is_in_its_capture(string bytes, string device, string resource, bool isVirtual, string region, string ids)
    {
        string directory = _folder["sys/0000:05:10.0"];
        string raw = DumpText.Of("05:10.0 x", "", bytes);
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(Path.Combine(directory, "config"), Assert.Single(LspciDump.Parse("raw", raw)).Bytes.ToArray());
        _folder.Write("sys/0000:05:10.0/vendor", "0x8086\n");
        _folder.Write("sys/0000:05:10.0/device", $"{device}\n");
        _folder.Write("sys/0000:05:10.0/resource", $"{resource}\n");
        if (isVirtual)
        {
            Directory.CreateSymbolicLink(Path.Combine(directory, "physfn"), "../0000:05:00.0");
        }

        using var text = new StringWriter();
        using (var function = SysfsFunction.Open(PciAddress.Parse("05:10.0"), root: _folder["sys"]))
        {
            Cli.Output.CaptureText.Write(text, function, "Thing (rev 01)");
        }

        string[] seen = Values(CliRun.Of("explain", "--json", "--from-dump", _folder.Write("capture.txt", text.ToString()), "10", "0"));
        Assert.Equal([region, ids], seen);
    }

    private static string[] Values(CliRun run) =>
        [.. run.Json().EnumerateArray().Where(access => access.GetProperty("access").GetString() == "read")
            .Select(access => access.GetProperty("value").GetUInt32().ToString("x8", System.Globalization.CultureInfo.InvariantCulture))];
}
