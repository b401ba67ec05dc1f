using System.Text.Json.Serialization;
using HdrHistogram;
using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Perf.Load.Rounds;

/// <summary>How guests fared that all boot at once; a boot lasts from a guest's first access to the moment when it has its interrupts.</summary>
/// <param name="Boots">Boots that ended in the window or in the storm in which it ended.</param>
/// <param name="P50">Median, in nanoseconds.</param>
/// <param name="P999">99.9th percentile, in nanoseconds.</param>
/// <param name="Slowest">The slowest guest's, in nanoseconds.</param>
/// <param name="MissedDeadlineShare">Share of the boots in which a request missed a deadline, the backend's or the frontend's, 0 to 1.</param>
public sealed record BootFigures(
    [property: JsonPropertyName("boots")] long Boots,
    [property: JsonPropertyName("p50_ns")] long P50,
    [property: JsonPropertyName("p99_9_ns")] long P999,
    [property: JsonPropertyName("slowest_guest_ns")] long Slowest,
    [property: JsonPropertyName("missed_deadline_share")] double MissedDeadlineShare)
{
    /// <summary>Sums up what the client threads recorded.</summary>
    internal static BootFigures Of(IEnumerable<BootRecord> records)
    {
        LongHistogram durations = LatencySummary.NewHistogram();
        long missed = 0;
        foreach (BootRecord record in records)
        {
            durations.Add(record.Durations);
            missed += record.Missed;
        }

        long boots = durations.TotalCount;
        return boots == 0
            ? new BootFigures(0, 0, 0, 0, 0)
            : new BootFigures(boots, durations.GetValueAtPercentile(50), durations.GetValueAtPercentile(99.9), durations.GetMaxValue(), missed / (double)boots);
    }
}
