namespace PciBackFlow.Pci.Registers;

/// <summary>
/// MSI capability (PCI Local Bus 3.0 §6.8.1): offsets from the capability, and bits. Offsets behind the address depend on
/// the 64-bit and per-vector-mask bits.
/// </summary>
public static class MsiRegisters
{
    /// <summary>Message Control, 2 bytes.</summary>
    public const int Control = 2;

    /// <summary>Message Address, 4 bytes.</summary>
    public const int AddressLow = 4;

    /// <summary>Message Upper Address (64-bit only), 4 bytes.</summary>
    public const int AddressHigh = 8;

    /// <summary>Message Data, 2 bytes, without 64-bit.</summary>
    public const int Data32 = 8;

    /// <summary>Message Data, 2 bytes, with 64-bit.</summary>
    public const int Data64 = 0x0C;

    /// <summary>Mask bits, 4 bytes, without 64-bit.</summary>
    public const int Mask32 = 0x0C;

    /// <summary>Mask bits, 4 bytes, with 64-bit.</summary>
    public const int Mask64 = 0x10;

    /// <summary>Pending bits, 4 bytes, without 64-bit.</summary>
    public const int Pending32 = 0x10;

    /// <summary>Pending bits, 4 bytes, with 64-bit.</summary>
    public const int Pending64 = 0x14;

    /// <summary>Control: MSI enabled.</summary>
    public const uint Enable = 0x0001;

    /// <summary>Control: log2 of the vectors wanted.</summary>
    public const uint MultipleMessageCapable = 0x000E;

    /// <summary>Control: log2 of the vectors given.</summary>
    public const uint MultipleMessageEnable = 0x0070;

    /// <summary>Control: has an upper address.</summary>
    public const uint Capable64Bit = 0x0080;

    /// <summary>Control: has mask and pending bits.</summary>
    public const uint PerVectorMask = 0x0100;
}
