namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>All metrics of the daemon, in the order in which they are answered. docs/metrics.md shows the same table, and a test compares the two.</summary>
internal static class MetricTable
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<Metric> All { get; } =
        [.. DaemonMetrics.All, .. GuestMetrics.All, .. ShardMetrics.All, .. DeviceMetrics.All, .. ProcessMetrics.All];
}
