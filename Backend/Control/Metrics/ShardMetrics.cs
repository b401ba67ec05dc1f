using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>What shards and workers did, and how long sampled requests took.</summary>
internal static class ShardMetrics
{
    private static readonly string[] Shard = ["shard"];

    public static readonly IReadOnlyList<Metric> All =
    [
        new("pcibackflow_shard_guests", MetricKind.Gauge, "Guests that a shard serves.", Shard, static (sample, samples) =>
        {
            for (int i = 0; i < sample.Shards.Count; i++)
            {
                samples.Add(sample.Guests.Count(guest => guest.Guest.Shard == i), MetricText.Number(i));
            }
        }),
        Counter("pcibackflow_shard_requests_total", "Requests that went through all stages.", static totals => totals.Served),
        Counter("pcibackflow_shard_wakeups_total", "Times a shard's blocking wait returned; requests beyond these were found by spinning, or together.",
            static totals => totals.Wakeups),
        Counter("pcibackflow_shard_deliveries_total", "Events of guests that were taken.", static totals => totals.Deliveries),
        Counter("pcibackflow_shard_spurious_deliveries_total", "Events after which there was no request.", static totals => totals.Spurious),
        Counter("pcibackflow_shard_offloaded_total", "Requests that were handed to a worker.", static totals => totals.Offloaded),
        Counter("pcibackflow_shard_queue_overflows_total", "Requests that found no place between threads; 0 unless the daemon is broken.",
            static totals => totals.NoPlace),
        Counter("pcibackflow_shard_expired_total", "Requests whose deadline passed before they were done.", static totals => totals.Expired),
        Counter("pcibackflow_shard_late_results_total", "Results that were dropped because the deadline had passed.", static totals => totals.LateResults),
        Counter("pcibackflow_shard_takeovers_total", "Times a shard was given to a new thread because its own hung in an access.",
            static totals => totals.Takeovers),
        Metric.Of("pcibackflow_replaced_workers_total", MetricKind.Counter, "Times a worker was replaced because it hung in an access or operation.",
            static sample => sample.Engine.ReplacedWorkers),
        Metric.Of("pcibackflow_held_back_requests_total", MetricKind.Counter, "Requests that waited because their guest had its share of the workers.",
            static sample => sample.Engine.HeldBack),
        new("pcibackflow_request_duration_seconds", MetricKind.Histogram,
            "Time of a request in the daemon, from the look that found it to its end; of every Nth request of a shard, N being 'sample' in the configuration"
            + " (0: of none).",
            [], WriteDurations),
    ];

    private static Metric Counter(string name, string help, Func<ShardTotals, long> value) =>
        new(name, MetricKind.Counter, help, Shard, (sample, samples) =>
        {
            for (int i = 0; i < sample.Shards.Count; i++)
            {
                samples.Add(value(sample.Shards[i]), MetricText.Number(i));
            }
        });

    private static void WriteDurations(DaemonSample sample, MetricSamples samples)
    {
        PassageTimes all = sample.Passages.Aggregate(PassageTimes.None, static (sum, one) => sum.With(one));
        samples.AddHistogram(PassageTimes.UpperBounds.Select(static nanoseconds => nanoseconds / 1e9), all.Counts, all.TotalNanoseconds / 1e9);
    }
}
