namespace PciBackFlow.Filter.Map;

/// <summary>How an access to configuration space ended, as the guest is to learn it.</summary>
public enum AccessStatus
{
    /// <summary>Done; also every write that policy dropped.</summary>
    Success = 0,

    /// <summary>Size not 1, 2 or 4, offset not a multiple of it, or outside the function's space.</summary>
    InvalidOffset,

    /// <summary>A register's own rule refused the value, or a strict policy the register.</summary>
    AccessDenied,

    /// <summary>Hardware, or the host, did not do it.</summary>
    OperationFailed,
}
