using System.Text.Json.Serialization;
using HdrHistogram;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Hiccups;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Load.Rounds;

namespace PciBackFlow.Perf.Load;

/// <summary>
/// The outcome of a load run. Every figure belongs to the measured window, except the errors: those of the whole run count, so
/// that none hides in the warm-up.
/// </summary>
public sealed record LoadReport
{
    /// <summary>Simulated guests.</summary>
    [JsonPropertyName("guests")]
    public required int Guests { get; init; }

    /// <summary>Shards.</summary>
    [JsonPropertyName("shards")]
    public required int Shards { get; init; }

    /// <summary><c>fused</c>, <c>queued</c> or <c>dataflow</c>.</summary>
    [JsonPropertyName("topology")]
    public required string Topology { get; init; }

    /// <summary><c>scan</c>, <c>mixed</c>, <c>write</c>, <c>interrupts</c> or <c>boot</c>.</summary>
    [JsonPropertyName("mix")]
    public required string Mix { get; init; }

    /// <summary>Where the functions came from.</summary>
    [JsonPropertyName("source")]
    public required string Source { get; init; }

    /// <summary><c>linux</c>, <c>netbsd</c> or <c>minios</c>.</summary>
    [JsonPropertyName("frontend")]
    public required string Frontend { get; init; }

    /// <summary>What a tenth of the functions did to the others, as <c>slow=5ms</c>; null: nothing.</summary>
    [JsonPropertyName("neighbour")]
    public string? Neighbour { get; init; }

    /// <summary>Planned requests per second; 0 for a closed loop.</summary>
    [JsonPropertyName("rate")]
    public required double Rate { get; init; }

    /// <summary>The backend's threads for requests that may block.</summary>
    [JsonPropertyName("workers")]
    public required int Workers { get; init; }

    /// <summary>Threads that played the guests.</summary>
    [JsonPropertyName("client_threads")]
    public required int ClientThreads { get; init; }

    /// <summary>Length of the window in seconds.</summary>
    [JsonPropertyName("seconds")]
    public required double Seconds { get; init; }

    /// <summary>Answers.</summary>
    [JsonPropertyName("operations")]
    public required long Operations { get; init; }

    /// <summary>Answers per second.</summary>
    [JsonPropertyName("operations_per_second")]
    public required double OperationsPerSecond { get; init; }

    /// <summary>Sum of wire errors, time-outs and wrong data, those in <see cref="ExpectedMisses"/> left out.</summary>
    [JsonPropertyName("errors")]
    public required long Errors { get; init; }

    /// <summary>Answers with an unexpected status.</summary>
    [JsonPropertyName("wire_errors")]
    public required long WireErrors { get; init; }

    /// <summary>Requests given up, or never answered.</summary>
    [JsonPropertyName("time_outs")]
    public required long TimeOuts { get; init; }

    /// <summary>Answers with success and a value that the source doesn't have.</summary>
    [JsonPropertyName("wrong_data")]
    public required long WrongData { get; init; }

    /// <summary>
    /// What went wrong at the guests whose own functions hang: they are not waited for, so it is what the run is about and no error. Nothing of other guests,
    /// and nothing of neighbours that are only slow, which are to be served.
    /// </summary>
    [JsonPropertyName("expected_misses")]
    public long ExpectedMisses { get; init; }

    /// <summary>The first thing that went wrong, in words, with its stage and its cause; null when nothing did.</summary>
    [JsonPropertyName("first_error")]
    public string? FirstError { get; init; }

    /// <summary>
    /// Why it went wrong: <c>queue</c> (no place between two threads: the engine is broken), <c>deadline</c> (the backend's, or the frontend's patience)
    /// or <c>function</c>; null when nothing did.
    /// </summary>
    [JsonPropertyName("first_error_cause")]
    public string? FirstErrorCause { get; init; }

    /// <summary>Answers that the backend dropped because their request had left the slot.</summary>
    [JsonPropertyName("late_replies_dropped")]
    public required long LateRepliesDropped { get; init; }

    /// <summary>Latency: closed loop from sending, open loop from the planned time.</summary>
    [JsonPropertyName("latency_ns")]
    public required LatencySummary Latency { get; init; }

    /// <summary>The machine's own hiccups in the same window: how late a thread woke that only slept.</summary>
    [JsonPropertyName("hiccup_ns")]
    public required HiccupSummary Hiccups { get; init; }

    /// <summary>The latencies without the times when the machine stalled.</summary>
    [JsonPropertyName("net_of_stalls")]
    public required NetOfStalls NetOfStalls { get; init; }

    /// <summary>Who had the machine's processors.</summary>
    [JsonPropertyName("processors_used")]
    public required MachineUse Use { get; init; }

    /// <summary>The guests beside the neighbours: what those do to them; null without neighbours.</summary>
    [JsonPropertyName("others")]
    public GroupFigures? Others { get; init; }

    /// <summary>The guests whose functions are bad neighbours; null without them.</summary>
    [JsonPropertyName("neighbours")]
    public GroupFigures? Neighbours { get; init; }

    /// <summary>Signals without a request that storm guests sent.</summary>
    [JsonPropertyName("storm_signals")]
    public long StormSignals { get; init; }

    /// <summary>The mix <c>boot</c>: how the guests' boots went; null in other mixes.</summary>
    [JsonPropertyName("boot")]
    public BootFigures? Boot { get; init; }

    /// <summary>Fairness between guests.</summary>
    [JsonPropertyName("per_guest")]
    public required PerGuestOperations PerGuest { get; init; }

    /// <summary>Bytes allocated by all threads that carry requests, clients included, divided by the operations; not rounded.</summary>
    [JsonPropertyName("bytes_allocated_per_operation")]
    public required double BytesAllocatedPerOperation { get; init; }

    /// <summary>Collections of generations 0, 1 and 2 in this process.</summary>
    [JsonPropertyName("gc_collections")]
    public required IReadOnlyList<int> GcCollections { get; init; }

    /// <summary>Register accesses of the backend per operation.</summary>
    [JsonPropertyName("hardware_accesses_per_operation")]
    public required double HardwareAccessesPerOperation { get; init; }

    /// <summary>Share of the operations that needed no register access, 0 to 1.</summary>
    [JsonPropertyName("shadow_hit_ratio")]
    public required double ShadowHitRatio { get; init; }

    /// <summary>Returns of the shards' blocking waits per operation.</summary>
    [JsonPropertyName("wakeups_per_operation")]
    public required double WakeupsPerOperation { get; init; }

    /// <summary>For each stage the managed ids of the threads that ran it.</summary>
    [JsonPropertyName("stage_threads")]
    public required IReadOnlyDictionary<string, IReadOnlyList<int>> StageThreads { get; init; }

    /// <summary>The machine.</summary>
    [JsonPropertyName("machine")]
    public required MachineDescription Machine { get; init; }

    /// <summary>
    /// The time of each stage, of one request in 128: the six, <c>handover</c> between threads, and <c>total</c>. Empty when none was timed.
    /// </summary>
    [JsonPropertyName("stages")]
    public IReadOnlyList<StageProfile> Stages { get; init; } = [];

    /// <summary>The window in short parts.</summary>
    [JsonPropertyName("timeline")]
    public IReadOnlyList<TimelineSlice> Timeline { get; init; } = [];

    /// <summary>The distribution of the latencies.</summary>
    [JsonPropertyName("spectrum")]
    public IReadOnlyList<PercentilePoint> Spectrum { get; init; } = [];

    /// <summary>The distribution of the latencies without the times when the machine stalled; empty when no operation touched one.</summary>
    [JsonPropertyName("net_spectrum")]
    public IReadOnlyList<PercentilePoint> NetSpectrum { get; init; } = [];

    /// <summary>The distribution of the hiccups.</summary>
    [JsonPropertyName("hiccup_spectrum")]
    public IReadOnlyList<PercentilePoint> HiccupSpectrum { get; init; } = [];

    /// <summary>The window's first latencies in nanoseconds, as many as <see cref="LoadOptions.KeepSamples"/> says; not part of the JSON.</summary>
    [JsonIgnore]
    public IReadOnlyList<long> Samples { get; init; } = [];

    /// <summary>All latencies, in nanoseconds; not part of the JSON.</summary>
    [JsonIgnore]
    public LongHistogram Histogram { get; init; } = new(1, 2, 0);

    /// <summary>Whether the run was ended before its time.</summary>
    [JsonPropertyName("interrupted")]
    public bool Interrupted { get; init; }
}
