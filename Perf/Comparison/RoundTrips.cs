namespace PciBackFlow.Perf.Comparison;

/// <summary>Round trips of one measurement.</summary>
/// <param name="OperationsPerSecond">Answers per second.</param>
/// <param name="P50">Median, in nanoseconds.</param>
/// <param name="P99">99th percentile, in nanoseconds.</param>
internal sealed record RoundTrips(double OperationsPerSecond, double P50, double P99);
