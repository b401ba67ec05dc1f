using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>What the control API acts through. All of it may be used by many requests at once.</summary>
public sealed record ControlServices
{
    /// <summary>The program's version.</summary>
    public required string Version { get; init; }

    /// <summary>The platform's name.</summary>
    public required string Platform { get; init; }

    /// <summary>How stages lie over threads.</summary>
    public required PipelineTopology Topology { get; init; }

    /// <summary>The guests that live now.</summary>
    public required Func<IReadOnlyList<GuestSnapshot>> Guests { get; init; }

    /// <summary>The name of a domain, or null.</summary>
    public required Func<int, string?> NameOf { get; init; }

    /// <summary>The engine's totals.</summary>
    public required Func<EngineCounters> Counters { get; init; }

    /// <summary>Which shards answer.</summary>
    public required ShardLiveness Shards { get; init; }

    /// <summary>The held devices.</summary>
    public required IDeviceCustody Custody { get; init; }

    /// <summary>Attach, detach and list.</summary>
    public required IToolstack Toolstack { get; init; }

    /// <summary>The effective configuration.</summary>
    public required IReadOnlyList<SettingReport> Configuration { get; init; }

    /// <summary>Whether a user may use the API at all. Root and the daemon's own user may.</summary>
    internal Func<uint, bool> IsAllowed { get; init; } = static user => user == 0 || user == PeerCredentials.OwnUser;
}
