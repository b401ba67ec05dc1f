using System.Text.Json.Serialization;
using HdrHistogram;

namespace PciBackFlow.Perf.Figures;

/// <summary>One point of a distribution: so many per cent were at most so long.</summary>
/// <param name="Percentile">0 to 100.</param>
/// <param name="Nanoseconds">The value.</param>
public readonly record struct PercentilePoint(
    [property: JsonPropertyName("percentile")] double Percentile,
    [property: JsonPropertyName("ns")] long Nanoseconds)
{
    private const int TicksPerHalfDistance = 5;

    /// <summary>The spectrum of a histogram: points grow denser towards the tail, as HdrHistogram's own output has them.</summary>
    /// <param name="histogram">The histogram, in nanoseconds.</param>
    /// <returns>Rising points, the last at 100; none when nothing was recorded.</returns>
    public static IReadOnlyList<PercentilePoint> SpectrumOf(HistogramBase histogram) => histogram.TotalCount == 0
        ? []
        : [.. histogram.Percentiles(TicksPerHalfDistance)
            .Select(static step => new PercentilePoint(Math.Round(step.PercentileLevelIteratedTo, 7), step.ValueIteratedTo))];
}
