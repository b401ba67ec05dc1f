namespace PciBackFlow.Stages.Wire;

/// <summary>What a frontend's driver answers in <c>aer_op.err</c> (Linux <c>enum pci_ers_result</c>, include/linux/pci.h).</summary>
public enum RecoveryVerdict
{
    /// <summary>No driver, no handler, or no opinion.</summary>
    None = 1,

    /// <summary>It may get over it without a reset.</summary>
    CanRecover = 2,

    /// <summary>Only a reset helps.</summary>
    NeedReset = 3,

    /// <summary>The device is given up.</summary>
    Disconnect = 4,

    /// <summary>It works again.</summary>
    Recovered = 5,

    /// <summary>There is no driver that could handle errors.</summary>
    NoHandler = 6,
}
