using System.Text.Json.Serialization;
using HdrHistogram;

namespace PciBackFlow.Perf.Figures;

/// <summary>How late a thread woke that only slept: the machine's own hiccups, in nanoseconds.</summary>
/// <param name="P50">Median.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="P999">99.9th percentile.</param>
/// <param name="Max">The longest.</param>
public sealed record HiccupSummary(
    [property: JsonPropertyName("p50")] long P50,
    [property: JsonPropertyName("p99")] long P99,
    [property: JsonPropertyName("p99_9")] long P999,
    [property: JsonPropertyName("max")] long Max)
{
    /// <summary>Reads the percentiles off a histogram of nanoseconds.</summary>
    /// <param name="histogram">The histogram.</param>
    /// <returns>The summary; 0 everywhere when nothing was recorded.</returns>
    public static HiccupSummary From(HistogramBase histogram) => histogram.TotalCount == 0
        ? new HiccupSummary(0, 0, 0, 0)
        : new HiccupSummary(
            histogram.GetValueAtPercentile(50), histogram.GetValueAtPercentile(99), histogram.GetValueAtPercentile(99.9), histogram.GetMaxValue());
}
