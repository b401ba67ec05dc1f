namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>What the daemon is, and what it lost of what people asked to see.</summary>
internal static class DaemonMetrics
{
    public static readonly IReadOnlyList<Metric> All =
    [
        new("pcibackflow_build_info", MetricKind.Gauge, "Always 1; the labels say which program serves what, and how.", ["version", "platform", "topology"],
            static (sample, samples) => samples.Add(1, sample.Daemon.Version, sample.Daemon.Platform, sample.Daemon.Topology)),
        new("pcibackflow_trace_records_dropped_total", MetricKind.Counter,
            "Requests that a trace does not show, because a shard's ring was full or the trace's reader too slow.", ["reason"],
            static (sample, samples) =>
            {
                samples.Add(sample.TracesOverflown, "ring_full");
                samples.Add(sample.TracesBehind, "slow_reader");
            }),
    ];
}
