using System.Text.Json.Serialization;
using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Perf.Load;

/// <summary>How some of a run's guests fared in the measured window.</summary>
/// <param name="Guests">How many they are.</param>
/// <param name="Operations">Their answers.</param>
/// <param name="Latency">Their latencies.</param>
public sealed record GroupFigures(
    [property: JsonPropertyName("guests")] int Guests,
    [property: JsonPropertyName("operations")] long Operations,
    [property: JsonPropertyName("latency_ns")] LatencySummary Latency);
