using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Metrics;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>What the control API acts through. All of it may be used by many requests at once.</summary>
public sealed record ControlServices
{
    // A person waits for the answer; a shard that needs longer for an empty action is stuck.
    private static readonly TimeSpan ShardPatience = TimeSpan.FromMilliseconds(500);

    private readonly long _started = Environment.TickCount64;

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

    /// <summary>The same by shard.</summary>
    public required Func<IReadOnlyList<ShardTotals>> Totals { get; init; }

    /// <summary>How long sampled requests took, by shard.</summary>
    public required Func<IReadOnlyList<PassageTimes>> Passages { get; init; }

    /// <summary>Which shards answer.</summary>
    public required ShardLiveness Shards { get; init; }

    /// <summary>The held devices.</summary>
    public required IDeviceCustody Custody { get; init; }

    /// <summary>Attach, detach and list.</summary>
    public required IToolstack Toolstack { get; init; }

    /// <summary>What became of devices' errors.</summary>
    public required Func<ErrorsReport> Errors { get; init; }

    /// <summary>The effective configuration.</summary>
    public required Func<IReadOnlyList<SettingReport>> Configuration { get; init; }

    /// <summary>What guests ask for and get.</summary>
    public required TraceHub Traces { get; init; }

    /// <summary>Where the time of guests' requests goes; null where nobody is served.</summary>
    internal RequestProfiler? Profiler { get; init; }

    /// <summary>Reads the configuration again.</summary>
    public required Func<Task<ReloadReport>> Reload { get; init; }

    /// <summary>What was granted; null where nobody grants.</summary>
    internal GrantJournal? Journal { get; init; }

    /// <summary>What is left for the next daemon; null where nothing is.</summary>
    internal GuestInheritance? Inheritance { get; init; }

    /// <summary>Where policies come from; null where nobody says.</summary>
    internal Func<PolicySources>? Policies { get; init; }

    /// <summary>Whether a user may use the API at all. Root and the daemon's own user may.</summary>
    internal Func<uint, bool> IsAllowed { get; init; } = static user => user == 0 || user == PeerCredentials.OwnUser;

    /// <summary>The daemon itself.</summary>
    internal DaemonReport Daemon() => new(
        Version, Platform, Environment.ProcessId, (Environment.TickCount64 - _started) / 1000.0, PipelineTopologyNames.NameOf(Topology));

    /// <summary>The devices that are held, by address. Reads the host's files.</summary>
    internal IReadOnlyList<DeviceReport> Held() => [.. Custody.Held().Select(held => Custody.Describe(held.Address))];

    /// <summary>What metrics are made from, as it stands.</summary>
    internal DaemonSample Sample()
    {
        (long overflown, long behind) = Traces.ReadLosses();
        return new()
        {
            Daemon = Daemon(),
            Guests = [.. Guests().Select(Sample)],
            Devices = Held(),
            Errors = Errors(),
            Engine = Counters(),
            Shards = Totals(),
            Passages = Passages(),
            TracesOverflown = overflown,
            TracesBehind = behind,
        };
    }

    /// <summary>The shards, of which each is asked whether it answers.</summary>
    /// <param name="guests">The guests that they serve.</param>
    internal async Task<IReadOnlyList<ShardReport>> ShardsAsync(IReadOnlyList<GuestSnapshot> guests)
    {
        bool[] answers = await Shards.AskAsync(ShardPatience).ConfigureAwait(false);
        IReadOnlyList<ShardTotals> totals = Totals();
        IReadOnlyList<PassageTimes> passages = Passages();
        return
        [
            .. answers.Select((answered, shard) =>
                new ShardReport(shard, guests.Count(guest => guest.Shard == shard), answered, totals[shard], passages[shard])),
        ];
    }

    private GuestSample Sample(GuestSnapshot guest) => new(guest, NameOf(guest.DomainId) ?? string.Empty, guest.ReadCounters());
}
