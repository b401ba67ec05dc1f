namespace PciBackFlow.Pci.Registers;

/// <summary>Latency Tolerance Reporting extended capability (PCI Express Base 3.0 §7.25): offsets from the capability.</summary>
public static class LtrRegisters
{
    /// <summary>2 bytes.</summary>
    public const int MaxSnoop = 4;

    /// <summary>2 bytes.</summary>
    public const int MaxNoSnoop = 6;

    /// <summary>Bytes.</summary>
    public const int Size = 8;

    /// <summary>Both: value and scale.</summary>
    public const uint LatencyWritable = 0x1FFF;
}
