using PciBackFlow.Filter.Map;

namespace PciBackFlow.Filter.Run;

/// <summary>One step of an access plan.</summary>
public struct PlanStep
{
    /// <summary>What to do.</summary>
    public PlanAction Action;

    /// <summary>Bytes: 1, 2 or 4.</summary>
    public byte Size;

    /// <summary>Aligned offset in the configuration space.</summary>
    public ushort Offset;

    /// <summary>Value, in the step's own lanes (bit 0 is bit 0 of the byte at <see cref="Offset"/>).</summary>
    public uint Value;

    /// <summary>Bits of <see cref="Value"/> that the guest supplied or may change, in the same lanes.</summary>
    public uint Mask;
}
