namespace PciBackFlow.Pci.Registers;

/// <summary>Precision Time Measurement extended capability (PCI Express Base 4.0 §7.9.16): offsets from the capability, and bits.</summary>
public static class PtmRegisters
{
    /// <summary>4 bytes.</summary>
    public const int Capability = 4;

    /// <summary>4 bytes.</summary>
    public const int Control = 8;

    /// <summary>Bytes.</summary>
    public const int Size = 12;

    /// <summary>Control: enable, root select, granularity.</summary>
    public const uint ControlWritable = 0x0000FF03;
}
