namespace PciBackFlow.Backend.Errors;

/// <summary>What a line of the log about a device says: each kind has a window of its own, so that a storm of small things does not hide a great one.</summary>
internal enum ErrorLine
{
    /// <summary>Hardware has corrected something.</summary>
    Corrected,

    /// <summary>A recovery has succeeded, or nobody had the device.</summary>
    Over,

    /// <summary>A recovery has not succeeded.</summary>
    Failed,
}
