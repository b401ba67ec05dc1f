using System.Runtime.InteropServices;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>A saved trace: read to its end, or refused; what it names is printable, and a rule that it suggests opens nothing but what was denied.</summary>
internal sealed class TraceTarget : FuzzTarget
{
    internal override string Name => "trace";

    internal override IEnumerable<byte[]> Seeds()
    {
        byte[] header = TraceFormat.Header(1);
        byte[] register = new byte[TraceFormat.RecordBytes];
        new TraceRegister(1, 0x88, 2, WriteRule.ByPolicy, IsNamed: true, 0xFFFF, "Device Control", "by policy").Write(register);
        byte[] gap = new byte[TraceFormat.RecordBytes];
        TraceFormat.WriteGap(gap, 1, 2);
        TraceRecord record = new()
        {
            Kind = TraceRecord.RequestKind, Permissions = 1, Operation = 1, Offset = 0x88, Size = 2, Value = 0xF,
            DeniedBits = 0xF, Flags = TraceRecord.HasFunction,
        };
        byte[] request = MemoryMarshal.AsBytes(new Span<TraceRecord>(ref record)).ToArray();
        yield return [.. header, .. register, .. request, .. gap];
        yield return [.. header, .. request];
        yield return header;
        yield return header[..30];
        yield return [.. header, .. register[..100]];
    }

    internal override string Run(ReadOnlySpan<byte> input)
    {
        int count = 0;
        try
        {
            foreach (TraceEvent item in TraceReader.ReadAll(new MemoryStream(input.ToArray())))
            {
                count++;
                Check(item);
            }
        }
        catch (TraceFormatException)
        {
            return "refused";
        }

        return count == 0 ? "empty" : "accepted";
    }

    private static void Check(TraceEvent item)
    {
        foreach (TraceRegister register in item.Registers)
        {
            Require((register.Name + register.Text).All(static letter => letter is >= ' ' and <= '~'), "a name that is not printable");
            Require(register.Offset >= 0 && register.Size > 0 && register.Offset + register.Size <= 4096, "a register outside every space");
        }

        Require(item.Record.AccessCount <= TraceRecord.MostAccesses, "more accesses than there is room for");
        foreach (PolicyRule rule in item.Suggest())
        {
            Require(rule.Mask != 0, "a rule that opens nothing");
            Require(item.Record.DeniedBits != 0, "a rule although nothing was denied");
        }
    }
}
