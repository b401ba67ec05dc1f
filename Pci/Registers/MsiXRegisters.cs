namespace PciBackFlow.Pci.Registers;

/// <summary>MSI-X capability (PCI Local Bus 3.0 §6.8.2): offsets from the capability, and bits.</summary>
public static class MsiXRegisters
{
    /// <summary>Message Control, 2 bytes.</summary>
    public const int Control = 2;

    /// <summary>Table offset and BIR, 4 bytes.</summary>
    public const int Table = 4;

    /// <summary>PBA offset and BIR, 4 bytes.</summary>
    public const int PendingBits = 8;

    /// <summary>Bytes.</summary>
    public const int Size = 12;

    /// <summary>Bytes of one table entry.</summary>
    public const int EntrySize = 16;

    /// <summary>Vector Control inside an entry; bit 0 masks.</summary>
    public const int EntryVectorControl = 12;

    /// <summary>Control: entries − 1.</summary>
    public const uint TableSize = 0x07FF;

    /// <summary>Control: all vectors masked.</summary>
    public const uint FunctionMask = 0x4000;

    /// <summary>Control: MSI-X enabled.</summary>
    public const uint Enable = 0x8000;

    /// <summary>Table, PBA: which base address register.</summary>
    public const uint Bir = 0x00000007;

    /// <summary>Table, PBA: offset inside it.</summary>
    public const uint OffsetMask = 0xFFFFFFF8;
}
