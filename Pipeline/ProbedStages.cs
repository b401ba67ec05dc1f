namespace PciBackFlow.Pipeline;

/// <summary>What a look at the stages has found.</summary>
/// <param name="Items">Items that were wanted, timed or not.</param>
/// <param name="Timings">The stages in their order, then <c>handover</c> (time between threads), then <c>total</c>; of those items that were timed.</param>
/// <param name="Totals">How long these took as a whole, ascending; each time that occurred once.</param>
/// <param name="Accesses">Accesses that were made for the items that were timed, as far as these have noted them.</param>
/// <param name="AccessNanoseconds">What these took together, in nanoseconds.</param>
public sealed record ProbedStages(
    long Items, IReadOnlyList<StageTiming> Timings, IReadOnlyList<TimedCount> Totals, long Accesses, double AccessNanoseconds);
