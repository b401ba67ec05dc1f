namespace PciBackFlow.Pci.Registers;

/// <summary>Subsystem id capability of bridges (PCI-to-PCI Bridge 1.2 §3.2.6): offsets from the capability.</summary>
public static class SubsystemRegisters
{
    /// <summary>2 bytes.</summary>
    public const int VendorId = 4;

    /// <summary>2 bytes.</summary>
    public const int Id = 6;

    /// <summary>Bytes.</summary>
    public const int Size = 8;
}
