using System.Text.Json.Serialization;

namespace PciBackFlow.Perf.Figures;

/// <summary>
/// The same latencies without the times when the machine stalled: every operation that has a moment in common with a stall is set aside, whether it was slow
/// or fast, from when it was planned (or sent) to when its answer was seen. Stalls shorter than the threshold, and a stalled processor on which the meter
/// did not happen to be, stay in: the true figure is at most this one.
/// </summary>
/// <param name="ThresholdNanoseconds">Lateness from which on a hiccup is a stall.</param>
/// <param name="RealTime">
/// Whether the meter ran before all ordinary threads, so that only the machine made it late; otherwise also threads that waited for a processor.
/// </param>
/// <param name="Stalls">Stalls in the window; pauses of the collector are none, they are the program's own.</param>
/// <param name="StalledNanoseconds">Their sum.</param>
/// <param name="SetAside">Operations set aside.</param>
/// <param name="Latency">The latencies of the others.</param>
public sealed record NetOfStalls(
    [property: JsonPropertyName("threshold_ns")] long ThresholdNanoseconds,
    [property: JsonPropertyName("real_time")] bool RealTime,
    [property: JsonPropertyName("stalls")] long Stalls,
    [property: JsonPropertyName("stalled_ns")] long StalledNanoseconds,
    [property: JsonPropertyName("set_aside")] long SetAside,
    [property: JsonPropertyName("latency_ns")] LatencySummary Latency);
