namespace PciBackFlow.Pipeline;

/// <summary>How many items took one time.</summary>
/// <param name="Nanoseconds">The time, in nanoseconds; true to a thousandth.</param>
/// <param name="Count">How many, at least one.</param>
public readonly record struct TimedCount(long Nanoseconds, long Count);
