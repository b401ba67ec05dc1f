using PciBackFlow.Backend.Xenstore;

namespace PciBackFlow.Backend.Guests;

/// <summary>This part: a guest that an earlier daemon connected.</summary>
public static partial class GuestLifecycle
{
    private static bool HasBeenConnected(XenbusState backend) =>
        backend is XenbusState.Connected or XenbusState.Reconfiguring or XenbusState.Reconfigured or XenbusState.Closing or XenbusState.Closed;

    /// <summary>
    /// A guest that an earlier daemon connected goes on as it was: what it has is put in its place again, then its page is served. What it or the toolstack
    /// did meanwhile is in the two directories, and the events of this very pass act on it.
    /// </summary>
    private static GuestTransition Inherit(GuestState state, GuestObservation seen)
    {
        GuestDirectory directory = seen.Directory;

        // Whatever its state is, this daemon has seen no change to it yet.
        state = state with { Own = directory.Backend, LastFrontend = XenbusState.Unknown };
        GuestAction.InheritDevice[] devices =
        [
            .. directory.Devices.Where(device => IsInItsHands(device, directory.Backend))
                .Select(device => new GuestAction.InheritDevice(device) { HasFailed = seen.Failed.Contains(device.Host!.Value) }),
        ];

        // Was said by the earlier one.
        state = state with { Lost = [.. devices.Where(static device => device.HasFailed).Select(static device => device.Device.Host!.Value)] };
        List<GuestAction> actions = [new GuestAction.PublishFailure(state.Lost.Count > 0), .. devices];
        if (directory.Backend == XenbusState.Closed
            || directory.Frontend is XenbusState.Unknown or XenbusState.Initialising or XenbusState.Closing or XenbusState.Closed)
        {
            // Nobody is there to be served, or to be told of.
            actions.Add(new GuestAction.DropMessages());
            return new(state, actions);
        }

        actions.Add(new GuestAction.PublishRoots());
        if (!seen.FrontendKeysChanged)
        {
            actions.Add(new GuestAction.Inherit());
            return new(state, actions);
        }

        // A new kernel, which knows nothing of its predecessor's messages. It waits for Connected, or has taken what it found for it.
        actions.Add(new GuestAction.DropMessages());
        if (directory.Frontend == XenbusState.Initialised)
        {
            actions.Add(new GuestAction.SwitchState(XenbusState.Initialised));
            actions.Add(new GuestAction.Attach());
            return new(state with { Own = XenbusState.Initialised }, actions);
        }

        actions.Add(new GuestAction.Inherit());
        return new(state, actions);
    }

    /// <summary>
    /// One that it was asked for it has until the backend has answered its Reconfiguring: what was withdrawn before that was written is withdrawn again.
    /// </summary>
    private static bool IsInItsHands(DeviceKeys device, XenbusState backend) =>
        device.Host is not null && (device.IsPublished || (device.IsAskedBack && backend == XenbusState.Reconfiguring));
}
