namespace PciBackFlow.Stages.Wire;

/// <summary>Result codes in <c>op.err</c> (XEN_PCI_ERR_* of Xen's public header <c>io/pciif.h</c>).</summary>
public enum PciOpStatus
{
    /// <summary>Done; also every write that policy dropped.</summary>
    Success = 0,

    /// <summary>The guest has no function at that address.</summary>
    DeviceNotFound = -1,

    /// <summary>Size not 1, 2 or 4, offset not a multiple of it, or outside the function's space.</summary>
    InvalidOffset = -2,

    /// <summary>A register's own rule refused the value.</summary>
    AccessDenied = -3,

    /// <summary>Unknown opcode.</summary>
    NotImplemented = -4,

    /// <summary>The operation was tried and failed, or took too long.</summary>
    OperationFailed = -5,
}
