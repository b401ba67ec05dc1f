using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tracing;

/// <summary>What a trace says next: a request, or that requests are missing.</summary>
/// <param name="Record">The request; meaningless for a gap.</param>
/// <param name="Registers">The registers that it touches, by offset; empty when the trace does not name them.</param>
public sealed record TraceEvent(TraceRecord Record, IReadOnlyList<TraceRegister> Registers)
{
    /// <summary>Records that found no room on their shard; 0 for a request.</summary>
    public long Overflown { get; init; }

    /// <summary>Records that found no room on their way to the reader; 0 for a request.</summary>
    public long Behind { get; init; }

    /// <summary>Whether records are missing here.</summary>
    public bool IsGap => Overflown != 0 || Behind != 0;

    /// <summary>How many; 0 for a request.</summary>
    public long Missing => Overflown + Behind;

    /// <summary>A sum of such numbers, which a file may make larger than any: then the largest that there is.</summary>
    /// <param name="total">The sum so far.</param>
    /// <returns>With what is missing here.</returns>
    public long AddMissing(long total) => Missing > long.MaxValue - total ? long.MaxValue : total + Missing;

    /// <summary>The host's function, or null.</summary>
    public PciAddress? Host => HostOf(Record);

    /// <summary>The host's function of a record, or null.</summary>
    /// <param name="record">The record.</param>
    /// <returns>Its address.</returns>
    public static PciAddress? HostOf(in TraceRecord record) =>
        record.Is(TraceRecord.HasFunction) ? PciAddress.FromDevfn(record.HostSegment, record.HostBus, record.HostDevfn) : null;

    /// <summary>The least that a policy has to allow for what was denied to pass; empty when nothing was, or no policy opens it.</summary>
    /// <returns>A rule for each register.</returns>
    public IReadOnlyList<PolicyRule> Suggest()
    {
        if (Record.DeniedBits == 0 || Record.Offset is < 0 or > 0xFFF || Record.Size is not (1 or 2 or 4) || (Record.Offset & (Record.Size - 1)) != 0)
        {
            return [];
        }

        uint openable = 0;
        foreach (TraceRegister register in Registers)
        {
            for (int at = Math.Max(register.Offset, Record.Offset & ~3); at < Math.Min(register.Offset + register.Size, (Record.Offset & ~3) + 4); at++)
            {
                openable |= register.Allowable & ByteLanes.Lanes(at, 1);
            }
        }

        return PolicySuggestion.For(
            [.. Registers.Select(static register => (register.Name, register.Offset, register.Size, register.IsNamed))],
            Record.Offset, Record.Size, ByteLanes.ToDword(Record.DeniedBits, Record.Offset) & openable);
    }
}
