namespace PciBackFlow.Pci.Registers;

/// <summary>Address Translation Services extended capability (ATS 1.1 §5.1): offsets from the capability, and bits.</summary>
public static class AtsRegisters
{
    /// <summary>2 bytes.</summary>
    public const int Capability = 4;

    /// <summary>2 bytes.</summary>
    public const int Control = 6;

    /// <summary>Bytes.</summary>
    public const int Size = 8;

    /// <summary>Control: enabled.</summary>
    public const uint Enable = 0x8000;

    /// <summary>Control: enable and smallest translation unit.</summary>
    public const uint ControlWritable = 0x801F;
}
