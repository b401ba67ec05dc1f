using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>What the tests of the life cycle are written with: observations in few words, and transitions as words.</summary>
internal static class LifecycleWords
{
    internal static readonly PciAddress HostA = new(0, 3, 0, 0);
    internal static readonly PciAddress HostB = new(0, 4, 0, 1);

    internal static GuestState Connected => new(XenbusState.Connected, XenbusState.Connected, IsAttached: true, IsGone: false);

    internal static GuestObservation Seen(int backend, int frontend, bool online, params DeviceKeys[] devices) => Seen(new()
    {
        Exists = true,
        HasDeviceCount = true,
        Backend = (XenbusState)backend,
        Frontend = (XenbusState)frontend,
        IsOnline = online,
        Devices = devices,
    });

    internal static GuestObservation Seen(GuestDirectory directory) => new(directory, DomainStanding.Served);

    internal static DeviceKeys Device(int index, PciAddress? host, int state) =>
        new(index, host, (XenbusState)state) { HostText = host?.ToString() ?? "zz" };

    internal static DeviceKeys Published(int index, PciAddress host) => Device(index, host, 3) with { Guest = new(0, 0, (byte)index, 0) };

    internal static string Describe(GuestTransition transition) => string.Join(' ', transition.Actions.Select(action => action switch
    {
        GuestAction.SwitchState a => $"state={(int)a.State}",
        GuestAction.ExposeDevice a => $"export{a.Device.Index}",
        GuestAction.WithdrawDevice a => $"remove{a.Device.Index}",
        GuestAction.FailDevice a => $"fail{a.Index}",
        GuestAction.WithdrawUnlisted => "takeback",
        GuestAction.PublishRoots => "roots",
        GuestAction.Attach => "attach",
        GuestAction.InheritDevice a => $"inherit{a.Device.Index}",
        GuestAction.Inherit => "inherit",
        GuestAction.DropMessages => "drop",
        GuestAction.Detach => "detach",
        GuestAction.ReportError => "error",
        GuestAction.Warn => "warn",
        GuestAction.ReportLost a => a.Host == HostA ? "lostA" : "lostB",
        GuestAction.PublishFailure a => a.HasFailed ? "aerfail" : "no-aerfail",
        GuestAction.ReleaseDevices => "release",
        _ => action.ToString(),
    }));
}
