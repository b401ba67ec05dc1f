using System.Text.Json.Serialization;

namespace PciBackFlow.Perf.Load;

/// <summary>A short part of the measured window.</summary>
/// <param name="At">When it began, in seconds since the window did.</param>
/// <param name="OperationsPerSecond">Answers per second.</param>
/// <param name="MaxNanoseconds">The longest latency.</param>
/// <param name="HiccupNanoseconds">The machine's longest hiccup.</param>
/// <param name="Collections">Collections.</param>
public readonly record struct TimelineSlice(
    [property: JsonPropertyName("at")] double At,
    [property: JsonPropertyName("operations_per_second")] double OperationsPerSecond,
    [property: JsonPropertyName("max_ns")] long MaxNanoseconds,
    [property: JsonPropertyName("hiccup_ns")] long HiccupNanoseconds,
    [property: JsonPropertyName("collections")] int Collections);
