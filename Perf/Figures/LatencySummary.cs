using System.Text.Json.Serialization;
using HdrHistogram;

namespace PciBackFlow.Perf.Figures;

/// <summary>Percentiles of a latency, in nanoseconds; 0 everywhere when nothing was recorded.</summary>
/// <param name="P50">Median.</param>
/// <param name="P90">90th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="P999">99.9th percentile.</param>
/// <param name="P9999">99.99th percentile.</param>
/// <param name="Max">Largest value.</param>
/// <param name="Mean">Arithmetic mean.</param>
public sealed record LatencySummary(
    [property: JsonPropertyName("p50")] long P50,
    [property: JsonPropertyName("p90")] long P90,
    [property: JsonPropertyName("p99")] long P99,
    [property: JsonPropertyName("p99_9")] long P999,
    [property: JsonPropertyName("p99_99")] long P9999,
    [property: JsonPropertyName("max")] long Max,
    [property: JsonPropertyName("mean")] double Mean)
{
    /// <summary>The longest time that a histogram tells apart, in nanoseconds: longer ones are recorded as this.</summary>
    public const long HighestNanoseconds = 60_000_000_000;

    private const int SignificantDigits = 3;

    /// <summary>Nothing was recorded.</summary>
    public static LatencySummary None { get; } = new(0, 0, 0, 0, 0, 0, 0);

    /// <summary>A histogram of nanoseconds, 1 to <see cref="HighestNanoseconds"/>, true to a thousandth.</summary>
    /// <returns>It, empty.</returns>
    public static LongHistogram NewHistogram() => new(1, HighestNanoseconds, SignificantDigits);

    /// <summary>Reads the percentiles off a histogram of nanoseconds.</summary>
    /// <param name="histogram">The histogram.</param>
    /// <returns>The summary.</returns>
    public static LatencySummary From(HistogramBase histogram) => histogram.TotalCount == 0
        ? None
        : new LatencySummary(
            histogram.GetValueAtPercentile(50),
            histogram.GetValueAtPercentile(90),
            histogram.GetValueAtPercentile(99),
            histogram.GetValueAtPercentile(99.9),
            histogram.GetValueAtPercentile(99.99),
            histogram.GetMaxValue(),
            Math.Round(histogram.GetMean(), 1));
}
