using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Pci;

/// <summary>Bits of the Status register (PCI Local Bus 3.0 §6.2.3).</summary>
public static class StatusBits
{
    /// <summary>Ready at once after reset (PCIe 5.0 §7.5.1.1.4).</summary>
    public const uint ImmediateReadiness = 0x0001;

    /// <summary>INTx is pending.</summary>
    public const uint InterruptStatus = 0x0008;

    /// <summary>A capability list exists.</summary>
    public const uint CapabilityList = 0x0010;

    /// <summary>Runs at 66 MHz.</summary>
    public const uint Capable66MHz = 0x0020;

    /// <summary>Accepts fast back-to-back transactions.</summary>
    public const uint FastBackToBackCapable = 0x0080;

    /// <summary>Master data parity error; cleared by writing 1.</summary>
    public const uint MasterDataParityError = 0x0100;

    /// <summary>DEVSEL# timing.</summary>
    public const uint DevselTiming = 0x0600;

    /// <summary>Cleared by writing 1.</summary>
    public const uint SignaledTargetAbort = 0x0800;

    /// <summary>Cleared by writing 1.</summary>
    public const uint ReceivedTargetAbort = 0x1000;

    /// <summary>Cleared by writing 1.</summary>
    public const uint ReceivedMasterAbort = 0x2000;

    /// <summary>Cleared by writing 1.</summary>
    public const uint SignaledSystemError = 0x4000;

    /// <summary>Cleared by writing 1.</summary>
    public const uint DetectedParityError = 0x8000;

    /// <summary>Every bit that is cleared by writing 1.</summary>
    public const uint Errors = 0xF900;
}
