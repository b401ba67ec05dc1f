using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Metrics;

/// <summary>
/// Everything that one answer is made from, read once. Counters are read where they are counted, one after the other: no shard waits or notices, and the
/// numbers are not of one moment.
/// </summary>
internal sealed record DaemonSample
{
    /// <summary>The daemon itself.</summary>
    public required DaemonReport Daemon { get; init; }

    /// <summary>The guests it knows, by domain id.</summary>
    public required IReadOnlyList<GuestSample> Guests { get; init; }

    /// <summary>The devices it holds, by address.</summary>
    public required IReadOnlyList<DeviceReport> Devices { get; init; }

    /// <summary>What became of devices' errors.</summary>
    public required ErrorsReport Errors { get; init; }

    /// <summary>The engine's totals.</summary>
    public required EngineCounters Engine { get; init; }

    /// <summary>The same by shard.</summary>
    public required IReadOnlyList<ShardTotals> Shards { get; init; }

    /// <summary>How long sampled requests took, by shard.</summary>
    public required IReadOnlyList<PassageTimes> Passages { get; init; }

    /// <summary>Requests that no trace shows because a shard had no room for them.</summary>
    public required long TracesOverflown { get; init; }

    /// <summary>Requests that traces do not show because their readers were too slow.</summary>
    public required long TracesBehind { get; init; }
}
