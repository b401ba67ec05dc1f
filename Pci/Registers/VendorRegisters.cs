namespace PciBackFlow.Pci.Registers;

/// <summary>Vendor-specific capabilities (PCI Local Bus 3.0 appendix H; extended: PCI Express Base 3.0 §7.19): offsets from the capability, and bits.</summary>
public static class VendorRegisters
{
    /// <summary>Length of the standard one with its header, 1 byte.</summary>
    public const int Length = 2;

    /// <summary>Id, revision and length of the extended one (and of a designated one), 4 bytes.</summary>
    public const int ExtendedHeader = 4;

    /// <summary>Where the length begins in it.</summary>
    public const int ExtendedLengthShift = 20;

    /// <summary>DVSEC id, 2 bytes.</summary>
    public const int DesignatedId = 8;
}
