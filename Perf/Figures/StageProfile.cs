using System.Text.Json.Serialization;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Figures;

/// <summary>The time of one stage.</summary>
/// <param name="Name">The stage: <c>ingest</c> … <c>notify</c>; <c>handover</c> is the time between threads, <c>total</c> the whole passage.</param>
/// <param name="P50">Median, in nanoseconds.</param>
/// <param name="P99">99th percentile, in nanoseconds.</param>
public sealed record StageProfile(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("p50_ns")] long P50,
    [property: JsonPropertyName("p99_ns")] long P99)
{
    /// <summary>Of what the stage clock found.</summary>
    /// <param name="timing">That.</param>
    /// <returns>The same without counts.</returns>
    public static StageProfile Of(StageTiming timing) => new(timing.Name, timing.P50Nanoseconds, timing.P99Nanoseconds);
}
