using System.Diagnostics;

namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>The daemon's process. The names are those that every exporter uses.</summary>
internal static class ProcessMetrics
{
    private static readonly Lazy<double> Started = new(static () =>
    {
        using var self = Process.GetCurrentProcess();
        return (self.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    });

    public static readonly IReadOnlyList<Metric> All =
    [
        Metric.Of("process_start_time_seconds", MetricKind.Gauge, "When the process began, since the epoch.", static _ => Started.Value),
        Metric.Of("process_resident_memory_bytes", MetricKind.Gauge, "Memory that the process has in RAM.", static _ => Environment.WorkingSet),
        Metric.Of("process_cpu_seconds_total", MetricKind.Counter, "Processor time of the process, of user and kernel.",
            static _ => Environment.CpuUsage.TotalTime.TotalSeconds),
        new("pcibackflow_gc_collections_total", MetricKind.Counter, "Collections of the managed heap, by generation; requests cause none.", ["generation"],
            static (_, samples) =>
            {
                for (int generation = 0; generation <= GC.MaxGeneration; generation++)
                {
                    samples.Add(GC.CollectionCount(generation), MetricText.Number(generation));
                }
            }),
        Metric.Of("pcibackflow_gc_heap_bytes", MetricKind.Gauge, "The managed heap.", static _ => GC.GetTotalMemory(forceFullCollection: false)),
    ];
}
