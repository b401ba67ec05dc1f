using System.Text.Json.Serialization;
using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Perf.Profiling;

/// <summary>Where the time of one request goes.</summary>
public sealed record ProfileReport
{
    /// <summary>How the stages lay over threads.</summary>
    [JsonPropertyName("topology")]
    public required string Topology { get; init; }

    /// <summary>Operations run.</summary>
    [JsonPropertyName("operations")]
    public required long Operations { get; init; }

    /// <summary>Operations whose stages were timed.</summary>
    [JsonPropertyName("sampled")]
    public required long Sampled { get; init; }

    /// <summary>Each stage in order.</summary>
    [JsonPropertyName("stages")]
    public required IReadOnlyList<StageProfile> Stages { get; init; }

    /// <summary>The whole passage, from the first stage's beginning to the last one's end.</summary>
    [JsonPropertyName("total")]
    public required StageProfile Total { get; init; }

    /// <summary>Round trip as the guest saw it, wake-ups included; null where guests are not simulated.</summary>
    [JsonPropertyName("round_trip_ns")]
    public required LatencySummary? RoundTrip { get; init; }

    /// <summary>Bytes allocated by all threads that carry requests, divided by the operations; not rounded.</summary>
    [JsonPropertyName("bytes_allocated_per_operation")]
    public required double BytesAllocatedPerOperation { get; init; }

    /// <summary>
    /// Mean time of one register access, in nanoseconds: of 4-byte reads on the source itself, or where guests have it of the accesses that their timed
    /// requests made; null when these made none.
    /// </summary>
    [JsonPropertyName("config_access_ns")]
    public required double? ConfigAccessNanoseconds { get; init; }

    /// <summary>Where the function came from, or whose requests these are.</summary>
    [JsonPropertyName("source")]
    public required string Source { get; init; }

    /// <summary>The machine.</summary>
    [JsonPropertyName("machine")]
    public required MachineDescription Machine { get; init; }
}
