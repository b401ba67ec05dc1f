using System.Text;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>
/// A file that may be a dump of lspci or a binary configuration space. What is accepted can be written, read as the same, and brought to life.
/// </summary>
internal sealed class DumpTarget : FuzzTarget
{
    private const int LongestInput = 32 << 10;

    internal override string Name => "dump";

    internal override IEnumerable<byte[]> Seeds()
    {
        byte[] header = [0x86, 0x80, 0xD3, 0x10, 7, 0, 0x10, 0, .. new byte[56]];
        var text = new StringWriter();
        LspciDumpWriter.Write(text, new PciAddress(0, 3, 0, 0), "Ethernet controller", header);
        LspciDumpWriter.Write(text, new PciAddress(0x10000, 4, 1, 2), "Another", new byte[256]);
        string two = text.ToString();
        string decoded = two.Replace(
            "controller\n", "controller\n\tRegion 0: Memory at f0000000 (64-bit) [size=16K]\n\tI/O ports at e000 [size=32]\n", StringComparison.Ordinal);
        return ((string[])[two, decoded, two[..200], "00:00.0 nothing\n", "10: 00\n"]).Select(Encoding.UTF8.GetBytes).Append(header);
    }

    internal override string Run(ReadOnlySpan<byte> input)
    {
        Capture capture;
        try
        {
            capture = Capture.Read("fuzzed", input.Length > LongestInput ? input[..LongestInput] : input);
        }
        catch (CaptureFormatException refused)
        {
            Require(refused.Reason.Length > 0, "a refusal without a reason");
            return "refused";
        }

        var writer = new StringWriter();
        foreach (CapturedConfig config in capture.Functions)
        {
            Require(config.Bytes.Length is >= ConfigRegisters.HeaderSize and <= ConfigRegisters.ExtendedSize, $"a function of {config.Bytes.Length} bytes");
            LspciDumpWriter.Write(writer, config.Address, config.Description, config.Bytes.Span);
        }

        IReadOnlyList<CapturedConfig> again = LspciDump.Parse("written", writer.ToString());
        Require(again.Count == capture.Functions.Count, $"{capture.Functions.Count} functions were written, {again.Count} are read");
        for (int i = 0; i < again.Count; i++)
        {
            Require(again[i].Address == capture.Functions[i].Address, "a function is read at another address than it was written");
            Require(again[i].Bytes.Span.SequenceEqual(capture.Functions[i].Bytes.Span), "a function is read with other bytes than it was written");
        }

        foreach (CapturedFunction function in CapturedFunction.All(capture))
        {
            function.Dispose();
        }

        return "accepted";
    }
}
