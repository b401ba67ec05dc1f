using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Backend.Guests;

/// <summary>One guest after its last life-cycle pass, for status and load. Counters are live, the rest is of that moment.</summary>
public sealed class GuestSnapshot
{
    private readonly GuestCounters? _counters;

    internal GuestSnapshot(
        GuestId id, XenbusState backend, XenbusState frontend, int? shard, int? port, IReadOnlyList<FunctionSnapshot> functions, GuestCounters? counters)
    {
        Id = id;
        Backend = backend;
        Frontend = frontend;
        Shard = shard;
        Port = port;
        Functions = functions;
        _counters = counters;
    }

    /// <summary>Which guest.</summary>
    public GuestId Id { get; }

    /// <summary>The guest's domain id.</summary>
    public int DomainId => Id.DomainId;

    /// <summary>The backend's own state.</summary>
    public XenbusState Backend { get; }

    /// <summary>The frontend's state as seen last.</summary>
    public XenbusState Frontend { get; }

    /// <summary>The shard that serves it; null when it is not attached.</summary>
    public int? Shard { get; }

    /// <summary>Its port on that shard; null when it is not attached.</summary>
    public int? Port { get; }

    /// <summary>Its functions, by rising guest address.</summary>
    public IReadOnlyList<FunctionSnapshot> Functions { get; }

    /// <summary>Its place on the shard; null when it is not attached. It may have been left since.</summary>
    internal GuestLane? Lane { get; init; }

    /// <summary>Its functions as they are served, by rising guest address.</summary>
    internal FunctionTable Table { get; init; } = FunctionTable.Empty;

    /// <summary>Whether its page is served.</summary>
    public bool IsAttached => Shard is not null;

    /// <summary>What it has done since it attached, now; all zero while it is not attached.</summary>
    /// <returns>The counters.</returns>
    public GuestCounterValues ReadCounters() => _counters?.Read() ?? default;
}
