namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>What a metric's number means, as the exposition format has it.</summary>
internal enum MetricKind
{
    /// <summary>Only rises; begins anew with the daemon, or with what it is counted for.</summary>
    Counter,

    /// <summary>Is what it is now.</summary>
    Gauge,

    /// <summary>How many observations up to each bound, their sum and their number.</summary>
    Histogram,
}
