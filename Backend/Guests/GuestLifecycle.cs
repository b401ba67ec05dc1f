using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// The backend's side of the xenbus handshake as a function of state and event; it touches nothing. The rows are those of
/// Linux's xen-pciback (<c>drivers/xen/xen-pciback/xenbus.c</c>), with six differences: a device that cannot be given
/// closes itself and not its siblings, a frontend that closed may connect again, attach failures leave nothing behind, a domain that
/// died or is not paravirtualised is known as such, whatever its directories say, for one whose kernel has ended the toolstack's handshake is answered, and a
/// guest that an earlier daemon connected goes on.
/// </summary>
public static partial class GuestLifecycle
{
    /// <summary>Decides what an event means.</summary>
    /// <param name="state">The state so far.</param>
    /// <param name="guestEvent">What happened.</param>
    /// <returns>The new state and what to do.</returns>
    public static GuestTransition Next(GuestState state, GuestEvent guestEvent)
    {
        if (state.IsGone)
        {
            return Nothing(state);
        }

        if (state.IsServedElsewhere)
        {
            return OnServedElsewhere(state, guestEvent);
        }

        return guestEvent switch
        {
            GuestEvent.Appeared e => OnAppeared(state, e.Seen, e.Adopt),
            GuestEvent.BackendChanged e => OnBackendChanged(state, e.Seen),
            GuestEvent.FrontendChanged e => OnFrontendChanged(state, e.Seen),
            GuestEvent.Attached => Switch(state with { IsAttached = true }, XenbusState.Connected),
            GuestEvent.Inherited => Nothing(state with { IsAttached = true }),
            GuestEvent.AttachFailed e => Fatal(state with { IsAttached = false }, e.Errno, e.Reason),
            GuestEvent.PublishFailed e => Fatal(state, e.Errno, e.Reason),
            GuestEvent.FunctionsSeen e => OnFunctionsSeen(state, e.Lost),
            GuestEvent.Vanished => Destroy(state),
            GuestEvent.Stopping => Stop(state),
            _ => Nothing(state),
        };
    }

    private static GuestTransition OnAppeared(GuestState state, GuestObservation seen, bool adopt)
    {
        state = state with { LastFrontend = seen.Directory.Frontend };
        if (!seen.Directory.Exists)
        {
            return Nothing(state with { IsGone = true });
        }

        if (seen.Domain == DomainStanding.ServedElsewhere)
        {
            return Nothing(state with { IsServedElsewhere = true });
        }

        if (seen.Domain == DomainStanding.Gone)
        {
            return FrontendGone(state with { Own = seen.Directory.Backend });
        }

        if (seen.Domain == DomainStanding.Ended)
        {
            return OnEnded(state, seen);
        }

        if (adopt && seen.IsInherited && HasBeenConnected(seen.Directory.Backend))
        {
            return Inherit(state, seen);
        }

        // InitWait and Initialised are left by a daemon that died before it connected: the frontend has nothing yet, so the set-up is simply done again.
        bool begins = seen.Directory.Backend == XenbusState.Initialising
            || (adopt && seen.Directory.Backend is XenbusState.InitWait or XenbusState.Initialised);
        if (!begins)
        {
            return new(
                state with { IsGone = true },
                adopt && seen.Directory.Backend is XenbusState.Connected or XenbusState.Reconfiguring or XenbusState.Reconfigured
                ? [new GuestAction.Warn($"found in state {(int)seen.Directory.Backend}, which another backend left; not taken over")]
                : []);
        }

        if (seen.Directory.FrontendError is not null)
        {
            return Fatal(state, Errno.ENOENT, seen.Directory.FrontendError);
        }

        if (seen.Directory.Frontend == XenbusState.Unknown)
        {
            return Fatal(state, Errno.ENOENT, "the frontend directory has no state");
        }

        GuestTransition first = Switch(state with { Own = seen.Directory.Backend }, XenbusState.InitWait);

        // What failed in an earlier daemon's hands has been reset since, or fails again.
        return adopt ? new(first.State, [new GuestAction.PublishFailure(HasFailed: false), .. first.Actions]) : first;
    }

    /// <summary>Only the end of the directory, or of the daemon, concerns this backend.</summary>
    private static GuestTransition OnServedElsewhere(GuestState state, GuestEvent guestEvent) => guestEvent switch
    {
        GuestEvent.BackendChanged { Seen.Directory.Exists: false } or GuestEvent.FrontendChanged { Seen.Directory.Exists: false } or GuestEvent.Stopping
            => Nothing(state with { IsGone = true }),
        _ => Nothing(state),
    };

    private static GuestTransition OnBackendChanged(GuestState state, GuestObservation seen)
    {
        if (!seen.Directory.Exists || IsSuccessor(state, seen))
        {
            return Destroy(state);
        }

        if (seen.Domain == DomainStanding.Gone)
        {
            return FrontendGone(state);
        }

        if (seen.Domain == DomainStanding.Ended)
        {
            return OnEnded(state, seen);
        }

        GuestTransition next = OnBackendState(state, seen);
        return seen.Withdrawn.Count == 0
            ? next
            : new(next.State, [.. seen.Withdrawn.Select(static host => new GuestAction.WithdrawUnlisted(host)), .. next.Actions]);
    }

    private static GuestTransition OnBackendState(GuestState state, GuestObservation seen)
    {
        switch (seen.Directory.Backend)
        {
            case XenbusState.InitWait when state.Own == XenbusState.InitWait:
                return SetUp(state, seen);

            // The toolstack adds boot-time devices one transaction at a time: the first creates the seen, the others
            // raise num_devs while the backend is already here.
            case XenbusState.Initialised:
                return Reconfigure(state, seen, XenbusState.Initialised);

            // The toolstack wants the device gone. The frontend reacts first; remembering the write makes the later
            // switch to Closed a real one even if this side had been closed before.
            case XenbusState.Closing:
                return Nothing(state with { Own = XenbusState.Closing });

            // Reconfiguring waits for the frontend's echo.
            default:
                return Nothing(state);
        }
    }

    private static GuestTransition OnFrontendChanged(GuestState state, GuestObservation seen)
    {
        if (!seen.Directory.Exists || IsSuccessor(state, seen))
        {
            return Destroy(state);
        }

        if (seen.Domain == DomainStanding.Gone)
        {
            return FrontendGone(state);
        }

        if (seen.Domain == DomainStanding.Ended)
        {
            return OnEnded(state, seen);
        }

        if (seen.Directory.FrontendError is not null)
        {
            return Nothing(state);
        }

        XenbusState previous = state.LastFrontend;
        state = state with { LastFrontend = seen.Directory.Frontend };
        return seen.Directory.Frontend switch
        {
            XenbusState.Unknown => FrontendGone(state),
            XenbusState.Initialising => OnFrontendStarted(state, seen, previous),
            XenbusState.Initialised => OnFrontendInitialised(state, seen),
            XenbusState.Connected => OnFrontendConnected(state, seen),
            XenbusState.Closing => Disconnect(state, XenbusState.Closing),
            XenbusState.Closed => OnFrontendClosed(state, seen),
            XenbusState.Reconfiguring when seen.Directory.Backend == XenbusState.Reconfiguring
                => Reconfigure(state, seen, XenbusState.Reconfigured),
            XenbusState.Invalid => new(state, [new GuestAction.Warn("frontend state is not a state; ignored")]),
            _ => Nothing(state),
        };
    }

    /// <summary>A frontend that closed starts again (mini-os, a kernel after kexec): it waits for a backend state from 2 to 5.</summary>
    private static GuestTransition OnFrontendStarted(GuestState state, GuestObservation seen, XenbusState previous)
    {
        bool closed = state.Own is XenbusState.Closing or XenbusState.Closed;
        return closed && seen.Directory.IsOnline && previous != XenbusState.Initialising
            ? Disconnect(state, XenbusState.InitWait)
            : Nothing(state);
    }

    private static GuestTransition OnFrontendInitialised(GuestState state, GuestObservation seen)
    {
        if (state.Own != seen.Directory.Backend)
        {
            return Nothing(state);
        }

        if (state.Own == XenbusState.Initialised && !state.IsAttached)
        {
            return new(state, [new GuestAction.Attach()]);
        }

        // A new kernel published a new page without closing the old one.
        if (state.Own == XenbusState.Connected && state.IsAttached && seen.FrontendKeysChanged)
        {
            return new(
                state with { IsAttached = false, Own = XenbusState.Initialised },
                [new GuestAction.Detach(), new GuestAction.SwitchState(XenbusState.Initialised), new GuestAction.Attach()]);
        }

        return Nothing(state);
    }

    /// <summary>
    /// The frontend has scanned its buses again. Nothing else is an occasion to write Connected: over the toolstack's Closing, or after an error, it would
    /// undo the close.
    /// </summary>
    private static GuestTransition OnFrontendConnected(GuestState state, GuestObservation seen) =>
        state is { IsAttached: true, Own: XenbusState.Reconfigured } && seen.Directory.Backend == XenbusState.Reconfigured
            ? Switch(state, XenbusState.Connected)
            : Nothing(state);

    /// <summary>The guest keeps a function that failed, and its other ones: what to do about it is the toolstack's, who is told.</summary>
    private static GuestTransition OnFunctionsSeen(GuestState state, IReadOnlyList<PciAddress> lost)
    {
        PciAddress[] more = [.. lost.Except(state.Lost)];
        List<GuestAction> actions = [.. more.Select(static host => new GuestAction.ReportLost(host))];

        // For each more anew: who watches the key hears of it.
        if (more.Length > 0 || (lost.Count == 0 && state.Lost.Count > 0))
        {
            actions.Add(new GuestAction.PublishFailure(lost.Count > 0));
        }

        return new(state with { Lost = lost }, actions);
    }

    private static GuestTransition OnFrontendClosed(GuestState state, GuestObservation seen)
    {
        GuestTransition closed = Disconnect(state, XenbusState.Closed);
        return seen.Directory.IsOnline
            ? closed
            : new(closed.State with { IsGone = true }, [.. closed.Actions, new GuestAction.ReleaseDevices()]);
    }

    /// <summary>No frontend directory, or no domain any more. Who waits for Closed gets it.</summary>
    private static GuestTransition FrontendGone(GuestState state)
    {
        GuestTransition closed = Disconnect(state, XenbusState.Closed);
        return new(closed.State with { IsGone = true }, [.. closed.Actions, new GuestAction.ReleaseDevices()]);
    }

    /// <summary>
    /// The kernel has ended, the domain has not: whoever destroys it removes the devices first, one by one, and libxl waits 10 s for Connected before and after
    /// each. It does not survive keys that vanish while it reads them (libxl_pci.c), so they stay, and it is answered in the guest's place.
    /// </summary>
    private static GuestTransition OnEnded(GuestState state, GuestObservation seen)
    {
        List<GuestAction> actions = [];
        if (state.IsAttached)
        {
            actions.Add(new GuestAction.Detach());
        }

        if (!state.IsEnded)
        {
            actions.Add(new GuestAction.ReleaseDevices());
        }

        XenbusState answer = state.IsEnded && seen.Directory.Backend is XenbusState.Closing or XenbusState.Closed ? XenbusState.Closed : XenbusState.Connected;
        if (seen.Directory.Backend != answer)
        {
            actions.Add(new GuestAction.SwitchState(answer));
        }

        return new(state with { Own = answer, IsAttached = false, IsEnded = true }, actions);
    }

    private static GuestTransition SetUp(GuestState state, GuestObservation seen)
    {
        if (seen.Directory.DevicesError is not null)
        {
            return Fatal(state, Errno.EINVAL, seen.Directory.DevicesError);
        }

        List<GuestAction> actions = [];
        foreach (DeviceKeys device in seen.Directory.Devices)
        {
            actions.Add(Expose(device));
        }

        actions.Add(new GuestAction.PublishRoots());
        actions.Add(new GuestAction.SwitchState(XenbusState.Initialised));
        return new(state with { Own = XenbusState.Initialised }, actions);
    }

    private static GuestTransition Reconfigure(GuestState state, GuestObservation seen, XenbusState next)
    {
        if (seen.Directory.DevicesError is not null)
        {
            return Fatal(state, Errno.EINVAL, seen.Directory.DevicesError);
        }

        List<GuestAction> actions = [];
        bool added = false;

        // Removals first: a step that removes one function and adds another may need the freed slot or the freed function.
        foreach (DeviceKeys device in seen.Directory.Devices)
        {
            if (device.State == XenbusState.Closing)
            {
                actions.Add(new GuestAction.WithdrawDevice(device));
            }
        }

        foreach (DeviceKeys device in seen.Directory.Devices)
        {
            if (device.State != XenbusState.Initialising)
            {
                continue;
            }

            actions.Add(Expose(device));
            added = true;
        }

        if (added)
        {
            actions.Add(new GuestAction.PublishRoots());
        }

        if (next != seen.Directory.Backend)
        {
            actions.Add(new GuestAction.SwitchState(next));
            state = state with { Own = next };
        }

        return actions.Count == 0 ? Nothing(state) : new(state, actions);
    }

    private static GuestAction Expose(DeviceKeys device) => device.Host is not null
        ? new GuestAction.ExposeDevice(device)
        : new GuestAction.FailDevice(device.Index, new(DeviceFailureKind.Malformed, device.HostText is null
            ? $"{StoreKeys.Device(device.Index)} is missing"
            : $"{StoreKeys.Device(device.Index)} is not a PCI address: '{StoreFormats.Printable(device.HostText)}'"));

    private static GuestTransition Disconnect(GuestState state, XenbusState next)
    {
        GuestTransition switched = Switch(state with { IsAttached = false }, next);
        return state.IsAttached ? new(switched.State, [new GuestAction.Detach(), .. switched.Actions]) : switched;
    }

    /// <summary>Tells everybody and closes. The page stays served until the frontend has seen it, as Linux does.</summary>
    private static GuestTransition Fatal(GuestState state, Errno errno, string reason) => state.Own == XenbusState.Closing
        ? new(state, [new GuestAction.ReportError(errno, reason)])
        : new(state with { Own = XenbusState.Closing }, [new GuestAction.ReportError(errno, reason), new GuestAction.SwitchState(XenbusState.Closing)]);

    /// <summary>The node is no longer ours: let go of everything and write nothing.</summary>
    private static GuestTransition Destroy(GuestState state) => new(
        state with { IsAttached = false, IsGone = true },
        state.IsAttached ? [new GuestAction.Detach(), new GuestAction.ReleaseDevices()] : [new GuestAction.ReleaseDevices()]);

    private static GuestTransition Stop(GuestState state) => new(
        state with { IsAttached = false, IsGone = true },
        state.IsAttached ? [new GuestAction.Detach()] : []);

    /// <summary>Removed and created again by the toolstack: somebody else's life begins there.</summary>
    private static bool IsSuccessor(GuestState state, GuestObservation seen) =>
        seen.Directory.Backend == XenbusState.Initialising && state.Own != XenbusState.Initialising;

    private static GuestTransition Switch(GuestState state, XenbusState next) => state.Own == next
        ? Nothing(state)
        : new(state with { Own = next }, [new GuestAction.SwitchState(next)]);

    private static GuestTransition Nothing(GuestState state) => new(state, []);
}
