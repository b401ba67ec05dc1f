using System.Diagnostics.Metrics;

namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>
/// The table of metrics as instruments of the meter <c>PciBackFlow</c>, under the same names and labels, for what listens inside the process or asks a .NET
/// process about itself (dotnet-counters). A histogram is its sum and its number. Where nobody listens nothing is read. The natively compiled program is built
/// without meters: there this does nothing.
/// </summary>
internal sealed class DaemonMeter : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "PciBackFlow";

    // All instruments are asked one after the other: what one look has found serves them all.
    private const long LookMilliseconds = 100;

    private static readonly string[] HistogramParts = ["_sum", "_count"];

    private readonly Meter _meter;
    private readonly Func<DaemonSample> _look;
    private readonly Lock _looking = new();
    private DaemonSample? _seen;
    private long _seenAt;

    /// <summary>Makes the instruments.</summary>
    /// <param name="version">The program's version.</param>
    /// <param name="look">Reads what the metrics are made from; any thread may ask.</param>
    public DaemonMeter(string version, Func<DaemonSample> look)
    {
        _look = look;
        _meter = new(Name, version);
        foreach (Metric metric in MetricTable.All)
        {
            switch (metric.Kind)
            {
                case MetricKind.Counter:
                    _meter.CreateObservableCounter(metric.Name, () => Read(metric, string.Empty), description: metric.Help);
                    break;
                case MetricKind.Gauge:
                    _meter.CreateObservableGauge(metric.Name, () => Read(metric, string.Empty), description: metric.Help);
                    break;
                default:
                    foreach (string part in HistogramParts)
                    {
                        _meter.CreateObservableCounter(metric.Name + part, () => Read(metric, part), description: metric.Help);
                    }

                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private List<Measurement<double>> Read(Metric metric, string part)
    {
        MeasurementList measurements = new(part);
        metric.Write(Look(), new(measurements, metric));
        return measurements.All;
    }

    private DaemonSample Look()
    {
        lock (_looking)
        {
            if (_seen is null || Environment.TickCount64 - _seenAt > LookMilliseconds)
            {
                (_seen, _seenAt) = (_look(), Environment.TickCount64);
            }

            return _seen;
        }
    }

    /// <summary>The samples of one instrument.</summary>
    private sealed class MeasurementList(string part) : IMetricWriter
    {
        public List<Measurement<double>> All { get; } = [];

        public void Sample(Metric metric, string suffix, ReadOnlySpan<string> values, string? bound, double value)
        {
            if (suffix != part)
            {
                return;
            }

            var tags = new KeyValuePair<string, object?>[values.Length];
            for (int i = 0; i < tags.Length; i++)
            {
                tags[i] = new(metric.Labels[i], values[i]);
            }

            All.Add(new(value, tags));
        }
    }
}
