namespace PciBackFlow.Hardware.Pci;

/// <summary>A base address register's resource as the host assigned it.</summary>
/// <param name="Start">First address; 0 when not assigned.</param>
/// <param name="Length">Bytes decoded, a power of two; 0 when the register is not implemented or not assigned.</param>
/// <param name="Flags">The register's own low bits: bit 0 I/O; memory: bits 2:1 type (10b = 64-bit), bit 3 prefetchable. ROM: bit 0 enable.</param>
public readonly record struct BaseAddress(ulong Start, ulong Length, uint Flags)
{
    /// <summary>Whether anything is decoded.</summary>
    public bool IsPresent => Length != 0;

    /// <summary>Whether it decodes I/O ports (never true for a ROM: look at the index).</summary>
    public bool IsIo => (Flags & 1) != 0;

    /// <summary>Whether the next register holds the upper half of the address.</summary>
    public bool Is64Bit => (Flags & 0x7) == 0x4;
}
