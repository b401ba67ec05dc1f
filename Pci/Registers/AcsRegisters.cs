namespace PciBackFlow.Pci.Registers;

/// <summary>Access Control Services extended capability (PCI Express Base 3.0 §7.16): offsets from the capability, and bits.</summary>
public static class AcsRegisters
{
    /// <summary>2 bytes.</summary>
    public const int Capability = 4;

    /// <summary>2 bytes.</summary>
    public const int Control = 6;

    /// <summary>Egress control vector, when there is one.</summary>
    public const int EgressVector = 8;

    /// <summary>Capability: there is an egress vector.</summary>
    public const uint EgressControl = 0x0020;

    /// <summary>Capability: its bits (0 = 256).</summary>
    public const uint EgressVectorSize = 0xFF00;

    /// <summary>Control: writable where the capability bit is set.</summary>
    public const uint ControlWritable = 0x007F;
}
