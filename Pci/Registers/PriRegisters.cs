namespace PciBackFlow.Pci.Registers;

/// <summary>Page Request extended capability (ATS 1.1 §5.2): offsets from the capability, and bits.</summary>
public static class PriRegisters
{
    /// <summary>2 bytes.</summary>
    public const int Control = 4;

    /// <summary>2 bytes.</summary>
    public const int Status = 6;

    /// <summary>4 bytes.</summary>
    public const int Capacity = 8;

    /// <summary>4 bytes.</summary>
    public const int Allocation = 0x0C;

    /// <summary>Bytes.</summary>
    public const int Size = 16;

    /// <summary>Control: enable and reset.</summary>
    public const uint ControlWritable = 0x0003;

    /// <summary>Status: cleared by writing 1.</summary>
    public const uint StatusErrors = 0x0003;
}
