namespace PciBackFlow.Pci.Registers;

/// <summary>PASID extended capability (PCI Express Base 4.0 §7.8.8): offsets from the capability, and bits.</summary>
public static class PasidRegisters
{
    /// <summary>2 bytes.</summary>
    public const int Capability = 4;

    /// <summary>2 bytes.</summary>
    public const int Control = 6;

    /// <summary>Bytes.</summary>
    public const int Size = 8;

    /// <summary>Control: enable, execute permission, privileged mode.</summary>
    public const uint ControlWritable = 0x0007;
}
