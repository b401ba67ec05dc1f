namespace PciBackFlow.Backend.Devices.Reset;

/// <summary>What became of a reset.</summary>
/// <param name="IsReset">Whether a method of the kernel's reported success and the function is as its snapshot says.</param>
/// <param name="Problem">Why it was not reset; null when it was, or when there is no method to try. It may be usable all the same.</param>
/// <param name="Unusable">Why it can't be used now: it does not answer, or did not take its settings back; null when it can.</param>
/// <param name="Repaired">The registers that the kernel had not restored and that were written back.</param>
/// <param name="IsQuiet">Whether its transactions had ended before the reset; it was reset all the same when not.</param>
public sealed record ResetOutcome(bool IsReset, string? Problem, string? Unusable, IReadOnlyList<string> Repaired, bool IsQuiet)
{
    /// <summary>
    /// Why nobody can say that it has stopped: it did not answer, did not go to D0, or its bus mastering did not read as off, before or after the
    /// reset. Null when it has. Only quarantine keeps such a device from memory.
    /// </summary>
    public string? NotStopped { get; init; }
}
