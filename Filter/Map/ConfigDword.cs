namespace PciBackFlow.Filter.Map;

/// <summary>
/// What the filter knows about one dword of a function's configuration space. Every mask is in the dword's lanes.
/// A bit is read from memory when it is in <see cref="Virtual"/> or <see cref="Shadow"/>, else from hardware; a written bit reaches
/// memory when it is <see cref="Virtual"/> and <see cref="Writable"/>, hardware when it is <see cref="Writable"/> alone, else it is dropped.
/// </summary>
public readonly record struct ConfigDword
{
    /// <summary>Bits whose value is policy's or the guest's own: hardware may differ.</summary>
    public uint Virtual { get; init; }

    /// <summary>Bits that cannot change: served from the copy taken at assignment, equal to hardware. Disjoint from <see cref="Virtual"/>.</summary>
    public uint Shadow { get; init; }

    /// <summary>Bits the guest may change. Disjoint from <see cref="Shadow"/> and <see cref="Denied"/>.</summary>
    public uint Writable { get; init; }

    /// <summary>Bits that hardware clears when a one is written: never written back as ones that the guest did not write.</summary>
    public uint Rw1c { get; init; }

    /// <summary>Bits that no policy may open.</summary>
    public uint Denied { get; init; }

    /// <summary>Bits without a rule of their own: policy's default decides about writes.</summary>
    public uint ByPolicy { get; init; }

    /// <summary>Of <see cref="ByPolicy"/>, the registers in which nothing is open: strict refuses a write that touches one, changed or not.</summary>
    public uint Closed { get; init; }

    /// <summary>Bits of the field whose write has a side effect; for a reset, the bit that triggers it.</summary>
    public uint EffectMask { get; init; }

    /// <summary>The side effect; meaningful when <see cref="EffectMask"/> is not 0.</summary>
    public PlanAction Effect { get; init; }

    /// <summary>For a base address its index: 0–5 the BARs, 6 the expansion ROM.</summary>
    public byte Index { get; init; }

    /// <summary>Bits answered without hardware.</summary>
    public uint Memory => Virtual | Shadow;
}
