namespace PciBackFlow.Pci.Registers;

/// <summary>L1 PM Substates extended capability (PCI Express Base 4.0 §7.8.3): offsets from the capability, and bits.</summary>
public static class L1SubstatesRegisters
{
    /// <summary>4 bytes.</summary>
    public const int Capability = 4;

    /// <summary>4 bytes.</summary>
    public const int Control1 = 8;

    /// <summary>4 bytes.</summary>
    public const int Control2 = 0x0C;

    /// <summary>Bytes of version 1.</summary>
    public const int Size = 16;

    /// <summary>Control 1: writable bits.</summary>
    public const uint Control1Writable = 0xE3FFFF1F;

    /// <summary>Control 2: writable bits.</summary>
    public const uint Control2Writable = 0x000000FB;
}
