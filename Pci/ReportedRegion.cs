namespace PciBackFlow.Pci;

/// <summary>
/// What a system says about one of a function's regions, beside its registers: some registers do not hold what the system knows. Nothing is said by default.
/// </summary>
/// <param name="Length">Bytes; 0 when not said.</param>
/// <param name="Start">First address; null when not said, 0 when the system gave it none.</param>
/// <param name="Flags">The low bits a base address register would have (type, prefetchable; I/O); null when not said, and of a ROM.</param>
public readonly record struct ReportedRegion(ulong Length, ulong? Start = null, uint? Flags = null)
{
    /// <summary>Whether the register need not hold the address (<see cref="BaseAddress.IsFixed"/>).</summary>
    public bool IsFixed { get; init; }

    /// <summary>Whether nobody says which register it is, so that its place is assumed.</summary>
    public bool IsPlaceAssumed { get; init; }
}
