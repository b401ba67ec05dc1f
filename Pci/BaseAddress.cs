namespace PciBackFlow.Pci;

/// <summary>A base address register's resource as the host assigned it.</summary>
/// <param name="Start">First address; 0 when the register is implemented but has no address: it then decodes nothing that anybody could own.</param>
/// <param name="Length">Bytes decoded, a power of two; 0 when the register is not implemented, or the host took its resource away.</param>
/// <param name="Flags">The register's own low bits: bit 0 I/O; memory: bits 2:1 type (10b = 64-bit), bit 3 prefetchable. ROM: bit 0 enable.</param>
public readonly record struct BaseAddress(ulong Start, ulong Length, uint Flags)
{
    /// <summary>
    /// Whether the register need not hold the address: the ports of a legacy IDE controller, a shadowed video BIOS, Enhanced Allocation (Linux
    /// IORESOURCE_PCI_FIXED).
    /// </summary>
    public bool IsFixed { get; init; }

    /// <summary>Whether the register is implemented: it shows its low bits and answers sizing, with an address or without.</summary>
    public bool IsPresent => Length != 0;

    /// <summary>Whether the host gave it an address: only then is there a range to enable or to grant.</summary>
    public bool IsAssigned => Length != 0 && Start != 0;

    /// <summary>Whether it decodes I/O ports (never true for a ROM: look at the index).</summary>
    public bool IsIo => (Flags & 1) != 0;

    /// <summary>Whether the next register holds the upper half of the address.</summary>
    public bool Is64Bit => (Flags & 0x7) == 0x4;
}
