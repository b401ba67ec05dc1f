namespace PciBackFlow.Pci;

/// <summary>Bits of the Command register (PCI Local Bus 3.0 §6.2.2).</summary>
public static class CommandBits
{
    /// <summary>Answers I/O accesses.</summary>
    public const uint Io = 0x0001;

    /// <summary>Answers memory accesses.</summary>
    public const uint Memory = 0x0002;

    /// <summary>May act as a bus master.</summary>
    public const uint BusMaster = 0x0004;

    /// <summary>Watches special cycles.</summary>
    public const uint SpecialCycles = 0x0008;

    /// <summary>May use Memory Write and Invalidate.</summary>
    public const uint MemoryWriteInvalidate = 0x0010;

    /// <summary>Snoops VGA palette writes.</summary>
    public const uint VgaPaletteSnoop = 0x0020;

    /// <summary>Reacts to parity errors.</summary>
    public const uint ParityResponse = 0x0040;

    /// <summary>Address stepping (PCI 2.x).</summary>
    public const uint WaitCycle = 0x0080;

    /// <summary>May signal SERR#.</summary>
    public const uint SystemError = 0x0100;

    /// <summary>May use fast back-to-back transactions.</summary>
    public const uint FastBackToBack = 0x0200;

    /// <summary>Does not assert INTx.</summary>
    public const uint InterruptDisable = 0x0400;

    /// <summary>All defined bits.</summary>
    public const uint Defined = 0x07FF;
}
