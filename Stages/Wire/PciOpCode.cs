namespace PciBackFlow.Stages.Wire;

/// <summary>
/// Operation codes in <c>op.cmd</c> and <c>aer_op.cmd</c> (XEN_PCI_OP_* of Xen's public header
/// <c>io/pciif.h</c>). A guest can write any 32 bits.
/// </summary>
public enum PciOpCode : uint
{
    /// <summary>Read 1, 2 or 4 bytes of configuration space.</summary>
    ConfigRead = 0,

    /// <summary>Write 1, 2 or 4 bytes of configuration space.</summary>
    ConfigWrite = 1,

    /// <summary>Enable one MSI vector.</summary>
    EnableMsi = 2,

    /// <summary>Disable MSI.</summary>
    DisableMsi = 3,

    /// <summary>Enable MSI-X with the entries of the request.</summary>
    EnableMsix = 4,

    /// <summary>Disable MSI-X.</summary>
    DisableMsix = 5,

    /// <summary>Backend to frontend: an error was detected. Not a request a guest can make.</summary>
    AerDetected = 6,

    /// <summary>Backend to frontend: resume.</summary>
    AerResume = 7,

    /// <summary>Backend to frontend: memory decoding is enabled again.</summary>
    AerMmioEnabled = 8,

    /// <summary>Backend to frontend: the slot was reset.</summary>
    AerSlotReset = 9,

    /// <summary>Enable several MSI vectors; <c>op.info</c> says how many. Sent by the XenLinux frontend only.</summary>
    EnableMultiMsi = 10,
}
