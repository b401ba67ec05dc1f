using System.Runtime.InteropServices;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// One shard's totals: written by its thread alone, read by anyone. A cache line of distance on both sides
/// keeps readers off the shard's data.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct ShardCounters
{
    [FieldOffset(64)]
    internal long Served;
    [FieldOffset(72)]
    internal long Wakeups;
    [FieldOffset(80)]
    internal long Deliveries;
    [FieldOffset(88)]
    internal long Spurious;
    [FieldOffset(96)]
    internal long Offloaded;
    [FieldOffset(104)]
    internal long NoPlace;
    [FieldOffset(112)]
    internal long Expired;
    [FieldOffset(120)]
    internal long Takeovers;

    /// <summary>The one that workers write: on a line of its own, and atomically.</summary>
    [FieldOffset(128)]
    internal long LateResults;
}
