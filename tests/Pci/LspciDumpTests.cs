using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Pci.Tests;

public class LspciDumpTests
{
    private static string Rows(int count, int first = 0) =>
        string.Concat(Enumerable.Range(first, count).Select(i => $"{i * 16:x2}: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n"));

    public static TheoryData<string, int, string> WrongDumps => new()
    {
        { "", 0, "empty" },
        { "hello\n", 0, "no function found" },
        { "00:1c.0 PCI bridge: x\n\tFlags: fast\n\n", 1, "no rows" },
        { "00:1c.0 x\n00: 01 02 03 04\n", 1, "has 4 bytes" },
        { "00:1c.0 x\n00: 01 02 0g 04\n", 2, "'0g'" },
        { "00:1c.0 x\n00: 1 02\n", 2, "'1'" },
        { "00:1c.0 x\n00: 012 02\n", 2, "'012'" },
        { "00:1c.0 x\n00:\n", 2, "without bytes" },
        { "00:1c.0 x\n10: 01\n", 2, "row 0x10 where 0x00 is next" },
        { "00:1c.0 x\n" + Rows(1) + Rows(1), 3, "row 0x00 where 0x10 is next" },
        { "00:1c.0 x\n" + Rows(2) + Rows(2, 3), 4, "row 0x30 where 0x20 is next" },
        { Rows(4), 1, "without a function" },
        { "00:1c.0 x\n" + Rows(4) + "\n" + Rows(4), 7, "without a function" },
        { "00:1c.0 x\n" + Rows(4) + "\n0000:00:1c.0 x\n" + Rows(4), 7, "appears twice" },
        { "00:1c.0 x\n" + Rows(257), 258, "more than 4096" },
        { "00:1c.0 x\n00:" + string.Concat(Enumerable.Repeat(" 00", 17)) + "\n", 2, "17 bytes" },
        { "00:1c.0 x\nfffffffff: 00\n", 1, "no rows" },
        { "00:1c.0 x\nffffffff: 00\n", 2, "row 0xffffffff" },
    };

    [Theory]
    [MemberData(nameof(WrongDumps))]
    public void A_wrong_dump_is_refused_with_file_line_and_reason(string text, int line, string reason)
    {
        CaptureFormatException error = Assert.Throws<CaptureFormatException>(() => Capture.Read("some-file", System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Equal("some-file", error.File);
        Assert.Equal(line, error.Line);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
        Assert.StartsWith(line > 0 ? $"some-file:{line}: " : "some-file: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(128)]
    [InlineData(4097)]
    public void A_binary_of_another_length_is_refused(int length) =>
        Assert.Throws<CaptureFormatException>(() => Capture.Read("config", new byte[length]));

    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(4096)]
    public void A_binary_is_one_function(int length)
    {
        CapturedConfig config = Assert.Single(Capture.Read("config", new byte[length]).Functions);
        Assert.Equal(default, config.Address);
        Assert.Equal(length, config.Bytes.Length);
    }

    [Theory]
    [InlineData(4, 4096, 64)] // how long the space is, the first 64 bytes do not tell
    [InlineData(8, 4096, 128)]
    [InlineData(16, 256, 256)]
    [InlineData(17, 4096, 272)]
    [InlineData(256, 4096, 4096)]
    public void The_rows_decide_the_space(int rows, int size, int readable)
    {
        var capture = Capture.Read("dump", System.Text.Encoding.UTF8.GetBytes("00:1c.0 x\r\n" + Rows(rows).ReplaceLineEndings("\r\n") + "\r\n"));
        using var function = new CapturedFunction(capture.Name, capture.Functions[0]);
        Assert.Equal((size, readable), (function.Size, function.ReadableSize));
        Assert.Equal(readable < size, !function.TryRead(size - 4, 4, out _));
        Assert.Equal(readable < size ? $"only the first {readable} bytes were captured" : null, function.Shortness);
    }

    // Linux drivers/pci/probe.c, pci_cfg_space_size: who has an extended space.
    [Theory]
    [InlineData("00=34127856", 256)]
    [InlineData("00=34127856 06=1000 34=40 40=0100", 256)]
    [InlineData("00=34127856 06=1000 34=40 40=0150 50=1000", 4096)] // PCI Express
    [InlineData("00=34127856 06=1000 34=40 40=0700000000000000", 256)] // PCI-X 1.0
    [InlineData("00=34127856 06=1000 34=40 40=0700000000000040", 4096)] // 266 MHz: PCI-X 2.0
    [InlineData("00=34127856 06=1000 34=40 40=0700000000000080", 4096)]
    [InlineData("00=34127856 06=1000 0e=02 14=40 40=1000", 256)] // CardBus
    public void All_conventional_bytes_are_a_beginning_where_the_function_has_an_extended_space(string bytes, int size)
    {
        using var function = new CapturedFunction("dump", Assert.Single(LspciDump.Parse("dump", PciBackFlow.Tests.Shared.DumpText.Of("00:1c.0 x", "", bytes))));

        Assert.Equal((size, 256), (function.Size, function.ReadableSize));
    }

    [Theory]
    [InlineData("\tRegion 0: Memory at f0000000 (32-bit, non-prefetchable) [size=16M]\n", 0, 16UL << 20)]
    [InlineData("\tMemory at f0000000 (32-bit, non-prefetchable) [size=128K]\n", 0, 128UL << 10)]
    [InlineData("\tRegion 1: I/O ports at e000 [size=256]\n", 1, 256UL)]
    [InlineData("\tI/O ports at e000 [disabled] [size=64]\n", 1, 64UL)]
    [InlineData("\tExpansion ROM at fe000000 [disabled] [size=64K]\n", 6, 64UL << 10)]
    [InlineData("\tMemory behind bridge: f0000000-f7ffffff [size=128M]\n", 0, 4096UL)]
    [InlineData("\tRegion 0: Memory at f0000000 [size=288M]\n", 0, 4096UL)]
    [InlineData("\tRegion 0: Memory at f0000000 [size=99999999999999999999]\n", 0, 4096UL)]
    [InlineData("\tRegion 9: Memory at f0000000 [size=8K]\n", 0, 4096UL)]
    [InlineData("", 0, 4096UL)]
    [InlineData("", 1, 32UL)]
    public void Lengths_come_from_the_decoded_text(string decoded, int index, ulong length)
    {
        string text = "00:02.0 x (rev 01)\n" + decoded
            + "00: 34 12 78 56 07 00 00 00 00 00 00 00 00 00 00 00\n10: 00 00 00 f0 01 e0 00 00 00 00 00 00 00 00 00 00\n"
            + "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n30: 00 00 00 fe 00 00 00 00 00 00 00 00 0b 01 00 00\n";
        var capture = Capture.Read("dump", System.Text.Encoding.UTF8.GetBytes(text));
        using var function = new CapturedFunction(capture.Name, capture.Functions[0]);
        Assert.Equal(length, function.BaseAddresses[index].Length);
        Assert.Equal(11, function.InterruptLine);
        Assert.Equal("dump 0000:00:02.0", function.Origin);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var random = new Random(7);
        var writer = new StringWriter();
        var written = new List<(PciAddress Address, byte[] Bytes)>();
        (string Address, int Length)[] functions =
            [("00:00.0", 64), ("00:1f.7", 256), ("0001:02:03.4", 4096), ("10000:e1:00.0", 256), ("ffffffff:00:00.0", 64)];
        foreach ((string? address, int length) in functions)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            written.Add((PciAddress.Parse(address), bytes));
            LspciDumpWriter.Write(writer, written[^1].Address, "two\nlines", bytes);
        }

        IReadOnlyList<CapturedConfig> read = LspciDump.Parse("round", writer.ToString());
        Assert.Equal(written.Select(w => w.Address), read.Select(r => r.Address));
        for (int i = 0; i < read.Count; i++)
        {
            Assert.Equal(written[i].Bytes, read[i].Bytes.ToArray());
        }
    }

    [Fact]
    public void Every_embedded_capture_can_be_read()
    {
        Assert.False(BuiltinCaptures.TryLoad("no-such", out _));
        foreach (string name in BuiltinCaptures.Names)
        {
            Assert.True(BuiltinCaptures.TryLoad(name, out Capture? capture));
            Assert.NotEmpty(capture.Functions);
        }
    }
}
