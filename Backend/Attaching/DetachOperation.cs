using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>
/// Takes devices from a guest: it is asked first and keeps everything until it has let go; only then is anything revoked (libxl revokes
/// under the driver's feet). On the guest's queue.
/// </summary>
internal sealed class DetachOperation(ToolstackServices services, TakeBack takeBack)
{
    private enum Asked
    {
        /// <summary>Not yet: another change is under way.</summary>
        Busy,

        /// <summary>Not needed: nobody in the guest uses it.</summary>
        NotNeeded,

        /// <summary>The guest was told.</summary>
        Told,
    }

    private enum Withdrawn
    {
        /// <summary>The guest keeps the devices.</summary>
        Done,

        /// <summary>Too late: the backend has taken them, or the guest is just letting go.</summary>
        TooLate,
    }

    /// <summary>Asks, waits, revokes, removes.</summary>
    /// <param name="life">From whom.</param>
    /// <param name="ours">Devices that this daemon granted.</param>
    /// <param name="foreign">Devices that xl granted: their nodes go, their grants are xl's to revoke.</param>
    /// <param name="force">Whether to go on without the guest.</param>
    /// <param name="cancellationToken">Gives up waiting; the request is withdrawn.</param>
    /// <exception cref="BackendException">The guest did not let go, or something could not be revoked.</exception>
    public async Task RunAsync(
        DomainLife life, IReadOnlyList<PciAddress> ours, IReadOnlyList<PciAddress> foreign, bool force, CancellationToken cancellationToken)
    {
        PciAddress[] devices = [.. ours, .. foreign];
        List<JournalEntry> touched = [.. foreign.Select(device => services.Journal.Begin(life, device, GrantOwner.Toolstack, new(GrantKind.Nodes)))];
        bool letGo = false;
        try
        {
            letGo = await AskAsync(life, devices, force, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is BackendException or HypervisorException or OperationCanceledException)
        {
            touched.ForEach(services.Journal.Close);
            throw;
        }

        if (!letGo)
        {
            foreach (PciAddress device in devices)
            {
                ToolstackLog.Forced(services.Logger, life.DomainId, device);
            }
        }

        // By force the keys go first: it is how the backend learns that the function is no longer the guest's.
        if (!letGo)
        {
            takeBack.RemoveNodes(life, devices);
        }

        IReadOnlyList<string> failures = await takeBack.RevokeAsync(life, ours).ConfigureAwait(false);
        foreach (PciAddress device in foreign)
        {
            ToolstackLog.NotOurs(services.Logger, life.DomainId, device);
        }

        if (letGo)
        {
            await RemoveNodesAsync(life, devices).ConfigureAwait(false);
        }

        takeBack.Close(life, ours, forget: true);
        touched.ForEach(services.Journal.Close);
        TakeBack.ThrowIfAny(life, failures);
    }

    /// <returns>True when the guest let go; false when it is taken by force.</returns>
    private async Task<bool> AskAsync(DomainLife life, PciAddress[] devices, bool force, CancellationToken cancellationToken)
    {
        Asked asked = Asked.Busy;
        bool isReady = await StoreWait.UntilAsync(
            services.Store, GuestId.Of(life.DomainId),
            () => (asked = TryAsk(life.DomainId, devices)) != Asked.Busy,
            services.Timing.Ready, cancellationToken).ConfigureAwait(false);
        if (!isReady)
        {
            return force ? false : throw new BackendException(
                BackendFailure.Failed,
                $"domain {life.DomainId} has not finished its last change within {services.Timing.Ready.TotalSeconds} s; it keeps {string.Join(", ", devices)} "
                + "(-f takes it without the guest's consent)");
        }

        if (asked == Asked.NotNeeded)
        {
            return false;
        }

        try
        {
            if (await AwaitLetGoAsync(life, services.Timing.LetGo, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }
        catch (OperationCanceledException)
        {
            if (Withdraw(life.DomainId, devices) == Withdrawn.Done)
            {
                throw;
            }

            return await AwaitLetGoAsync(life, services.Timing.Ready, CancellationToken.None).ConfigureAwait(false);
        }

        if (force)
        {
            return false;
        }

        if (Withdraw(life.DomainId, devices) == Withdrawn.Done)
        {
            throw new BackendException(
                BackendFailure.Failed,
                $"domain {life.DomainId} did not let go of {string.Join(", ", devices)} within {services.Timing.LetGo.TotalSeconds} s and keeps it; "
                + "remove the device from its driver in the guest, or take it with -f");
        }

        // The guest has let go; how its bus scan ends does not matter any more.
        await AwaitLetGoAsync(life, services.Timing.Ready, CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    /// <summary>A guest that writes its state all the time is in the middle of a change, whatever it writes.</summary>
    private Asked TryAsk(int domainId, PciAddress[] devices)
    {
        try
        {
            return services.Store.Run(store => Ask(store, domainId, devices));
        }
        catch (HypervisorException e) when (e.Errno == Errno.EAGAIN)
        {
            return Asked.Busy;
        }
    }

    private static Asked Ask(IXenStoreAccess store, int domainId, PciAddress[] devices)
    {
        var guest = GuestId.Of(domainId);
        DirectoryWriter writer = new(store, guest);
        GuestDirectory directory = new DirectoryReader(store, guest).ReadBoth();
        if (!directory.HasDeviceCount || directory.IsBeforeConnection || directory.HasFrontendClosed)
        {
            return Asked.NotNeeded;
        }

        if (!directory.IsConnected)
        {
            return Asked.Busy;
        }

        foreach (PciAddress device in devices)
        {
            if (directory.Find(device) is { } keys)
            {
                writer.WriteDeviceState(keys.Index, XenbusState.Closing);
            }
        }

        writer.WriteState(XenbusState.Reconfiguring);
        return Asked.Told;
    }

    private Task<bool> AwaitLetGoAsync(DomainLife life, TimeSpan timeout, CancellationToken cancellationToken) => StoreWait.UntilAsync(
        services.Store, GuestId.Of(life.DomainId),
        () =>
        {
            GuestStates states = new DirectoryReader(services.Store, GuestId.Of(life.DomainId)).ReadStates();
            return states.Backend == XenbusState.Unknown || states.AreConnected || states.HasFrontendClosed
                || services.Domains.Find(life.DomainId) is not { HasEnded: false };
        },
        timeout, cancellationToken);

    /// <summary>
    /// Takes the request back while the guest has not answered. The backend's 7 stays: a guest that answers late finds nothing to remove
    /// and everybody goes on to 8 and 4, whereas a 4 written here could meet its 7.
    /// </summary>
    private Withdrawn Withdraw(int domainId, PciAddress[] devices) => services.Store.Run(store =>
    {
        var guest = GuestId.Of(domainId);
        GuestDirectory directory = new DirectoryReader(store, guest).ReadBoth();
        if (directory.Backend != XenbusState.Reconfiguring || directory.Frontend != XenbusState.Connected)
        {
            return Withdrawn.TooLate;
        }

        foreach (PciAddress device in devices)
        {
            if (directory.Find(device) is { State: XenbusState.Closing } keys)
            {
                new DirectoryWriter(store, guest).WriteDeviceState(keys.Index, XenbusState.Initialised);
            }
        }

        return Withdrawn.Done;
    });

    /// <summary>The last device takes the directories with it, after the frontend has had a moment to close.</summary>
    private async Task RemoveNodesAsync(DomainLife life, PciAddress[] devices)
    {
        var guest = GuestId.Of(life.DomainId);
        int left = services.Store.Run(store =>
        {
            DirectoryWriter writer = new(store, guest);
            int remaining = writer.RemoveDevices(devices);
            if (remaining == 0)
            {
                writer.TakeOffline();
            }

            return remaining;
        });
        if (left != 0)
        {
            return;
        }

        await StoreWait.UntilAsync(
            services.Store, GuestId.Of(life.DomainId),
            () => new DirectoryReader(services.Store, guest).ReadStates() is { Backend: XenbusState.Closed } or { HasFrontendClosed: true },
            services.Timing.Close, CancellationToken.None).ConfigureAwait(false);
        services.Store.Run(store =>
        {
            // xl may have begun to give it another device meanwhile.
            if (new DirectoryReader(store, guest).ReadBackend(DeviceDetail.Failures) is { HasDeviceCount: true, Devices.Count: 0 })
            {
                new DirectoryWriter(store, guest).Destroy();
            }
        });
    }
}
