namespace PciBackFlow.Pci.Registers;

/// <summary>Vital Product Data capability (PCI Local Bus 3.0 appendix I): offsets from the capability, and bits.</summary>
public static class VpdRegisters
{
    /// <summary>Address and F flag, 2 bytes.</summary>
    public const int Address = 2;

    /// <summary>Data, 4 bytes.</summary>
    public const int Data = 4;

    /// <summary>Bytes.</summary>
    public const int Size = 8;

    /// <summary>Address bits; dword-aligned.</summary>
    public const uint AddressMask = 0x7FFF;

    /// <summary>F: written 0 starts a read, set when its data is there; written 1 starts a write, cleared when done.</summary>
    public const uint Flag = 0x8000;
}
