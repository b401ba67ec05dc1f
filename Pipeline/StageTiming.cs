namespace PciBackFlow.Pipeline;

/// <summary>What the stage clock found for one stage.</summary>
/// <param name="Name">The stage's name; <c>handover</c> for the time between threads, <c>total</c> for the whole passage.</param>
/// <param name="Count">Items timed.</param>
/// <param name="P50Nanoseconds">Median, in nanoseconds.</param>
/// <param name="P99Nanoseconds">99th percentile, in nanoseconds.</param>
/// <param name="TotalNanoseconds">Sum over the items timed, in nanoseconds.</param>
public sealed record StageTiming(string Name, long Count, long P50Nanoseconds, long P99Nanoseconds, long TotalNanoseconds);
