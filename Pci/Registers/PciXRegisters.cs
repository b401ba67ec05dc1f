namespace PciBackFlow.Pci.Registers;

/// <summary>PCI-X capability (PCI-X 2.0 protocol addendum §7.2, bridges §8.6): offsets from the capability, and bits.</summary>
public static class PciXRegisters
{
    /// <summary>Command (type 0), 2 bytes.</summary>
    public const int Command = 2;

    /// <summary>Status (type 0), 4 bytes.</summary>
    public const int Status = 4;

    /// <summary>Secondary status (bridges), 2 bytes.</summary>
    public const int SecondaryStatus = 2;

    /// <summary>Bridge status, 4 bytes.</summary>
    public const int BridgeStatus = 4;

    /// <summary>Upstream split transaction control (bridges), 4 bytes.</summary>
    public const int UpstreamSplit = 8;

    /// <summary>Downstream split transaction control (bridges), 4 bytes.</summary>
    public const int DownstreamSplit = 0x0C;

    /// <summary>ECC control (type 0, version 1 and later), 4 bytes.</summary>
    public const int EccControl = 8;

    /// <summary>Command, secondary status: version; not 0 = has ECC registers.</summary>
    public const uint Version = 0x3000;

    /// <summary>Command: parity recovery, relaxed ordering, read count, outstanding splits.</summary>
    public const uint CommandWritable = 0x007F;

    /// <summary>Status: 266 and 533 MHz capable, which only mode 2 is; such a function has an extended space.</summary>
    public const uint StatusMode2 = 0xC0000000;

    /// <summary>Status: split completion discarded, unexpected, error message; cleared by writing 1.</summary>
    public const uint StatusErrors = 0x200C0000;
}
