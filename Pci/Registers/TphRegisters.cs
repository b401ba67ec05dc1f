namespace PciBackFlow.Pci.Registers;

/// <summary>TPH Requester extended capability (PCI Express Base 3.0 §7.26): offsets from the capability, and bits.</summary>
public static class TphRegisters
{
    /// <summary>4 bytes.</summary>
    public const int Capability = 4;

    /// <summary>4 bytes.</summary>
    public const int Control = 8;

    /// <summary>Steering tag table when it lies here.</summary>
    public const int Table = 12;

    /// <summary>Capability: 1 = in this structure.</summary>
    public const uint TableLocation = 0x00000600;

    /// <summary>Capability: entries − 1 of 2 bytes.</summary>
    public const uint TableSize = 0x07FF0000;

    /// <summary>Control: mode and enable.</summary>
    public const uint ControlWritable = 0x00000307;
}
