namespace PciBackFlow.Pci.Registers;

/// <summary>Bits of the BIST register (PCI Local Bus 3.0 §6.2.4).</summary>
public static class SelfTestBits
{
    /// <summary>The function can test itself.</summary>
    public const byte Capable = 0x80;

    /// <summary>Starts the test when written as one; reads one until it has ended.</summary>
    public const byte Start = 0x40;
}
