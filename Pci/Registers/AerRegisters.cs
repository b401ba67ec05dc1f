namespace PciBackFlow.Pci.Registers;

/// <summary>Advanced Error Reporting extended capability (PCI Express Base 3.0 §7.10): offsets from the capability, and bits.</summary>
public static class AerRegisters
{
    /// <summary>4 bytes; cleared by writing 1.</summary>
    public const int UncorrectableStatus = 0x04;

    /// <summary>4 bytes.</summary>
    public const int UncorrectableMask = 0x08;

    /// <summary>4 bytes; 1 = fatal.</summary>
    public const int UncorrectableSeverity = 0x0C;

    /// <summary>4 bytes; cleared by writing 1.</summary>
    public const int CorrectableStatus = 0x10;

    /// <summary>4 bytes.</summary>
    public const int CorrectableMask = 0x14;

    /// <summary>4 bytes.</summary>
    public const int CapabilitiesControl = 0x18;

    /// <summary>16 bytes.</summary>
    public const int HeaderLog = 0x1C;

    /// <summary>4 bytes (root ports, event collectors).</summary>
    public const int RootErrorCommand = 0x2C;

    /// <summary>4 bytes (root ports, event collectors).</summary>
    public const int RootErrorStatus = 0x30;

    /// <summary>4 bytes (root ports, event collectors).</summary>
    public const int ErrorSource = 0x34;

    /// <summary>16 bytes (version 2).</summary>
    public const int TlpPrefixLog = 0x38;

    /// <summary>Defined bits of the uncorrectable registers.</summary>
    public const uint UncorrectableBits = 0x07FFF030;

    /// <summary>Defined bits of the correctable registers.</summary>
    public const uint CorrectableBits = 0x0000F1C1;

    /// <summary>Capabilities and control: ECRC generation and check enable, multiple header recording enable, TLP prefix log.</summary>
    public const uint ControlWritable = 0x00000D40;

    /// <summary>Root error command: interrupt enables.</summary>
    public const uint RootCommandWritable = 0x00000007;

    /// <summary>Root error status: cleared by writing 1.</summary>
    public const uint RootStatusErrors = 0x0000007F;
}
