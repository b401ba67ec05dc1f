using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>One guest that the daemon knows.</summary>
/// <param name="Domain">Its domain id.</param>
/// <param name="Name">Its name, or null when it has none.</param>
/// <param name="Device">The device id of its backend directory; toolstacks use 0.</param>
/// <param name="Backend">The backend's state in words: <c>connected</c>.</param>
/// <param name="Frontend">The frontend's state in words.</param>
/// <param name="Shard">The shard that serves it, or null.</param>
/// <param name="Port">Its event channel on that shard, or null.</param>
/// <param name="Functions">Its functions, by rising guest address.</param>
/// <param name="Counters">What it has done since it attached.</param>
public sealed record GuestReport(
    int Domain,
    string? Name,
    int Device,
    string Backend,
    string Frontend,
    int? Shard,
    int? Port,
    IReadOnlyList<FunctionReport> Functions,
    GuestCounterValues Counters)
{
    /// <summary>Describes a guest.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="name">Its name, or null.</param>
    /// <returns>The report.</returns>
    public static GuestReport Of(GuestSnapshot guest, string? name) => new(
        guest.DomainId,
        name,
        guest.Id.DeviceId,
        NameOf(guest.Backend),
        NameOf(guest.Frontend),
        guest.Shard,
        guest.Port,
        [.. guest.Functions.Select(FunctionReport.Of)],
        guest.ReadCounters());

    /// <summary>Every word that a state can have.</summary>
    internal static IReadOnlyList<string> States { get; } = [.. Enum.GetValues<XenbusState>().Select(NameOf).Distinct()];

    /// <summary>A state in words.</summary>
    internal static string NameOf(XenbusState state) => state switch
    {
        XenbusState.Initialising => "initialising",
        XenbusState.InitWait => "init-wait",
        XenbusState.Initialised => "initialised",
        XenbusState.Connected => "connected",
        XenbusState.Closing => "closing",
        XenbusState.Closed => "closed",
        XenbusState.Reconfiguring => "reconfiguring",
        XenbusState.Reconfigured => "reconfigured",
        _ => "unknown",
    };
}
