using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Asks a guest for devices through its directory, and withdraws the request when it does not let go in time. On the guest's queue.</summary>
internal static class DeviceRequest
{
    /// <summary>Tells the guest as soon as no other change is under way.</summary>
    /// <exception cref="BackendException">It does not end its change in time, and the devices are not taken by force.</exception>
    public static async Task AskAsync(Detachment detachment, CancellationToken cancellationToken)
    {
        ToolstackServices services = detachment.Services;
        bool isReady = await StoreWait.UntilAsync(
            services.Store, detachment.Guest,
            () => (detachment.Asked = TryAsk(detachment)) != GuestAsked.Busy,
            services.Timing.Ready, cancellationToken).ConfigureAwait(false);
        if (!isReady && !detachment.IsForced)
        {
            throw new BackendException(
                BackendFailure.Failed,
                $"domain {detachment.Life.DomainId} has not finished its last change within {services.Timing.Ready.TotalSeconds} s; "
                + $"it keeps {string.Join(", ", detachment.Devices)} (-f takes it without the guest's consent)");
        }
    }

    /// <summary>Waits until the guest has let go. One that gives no answer in time keeps the devices, unless they are taken by force.</summary>
    /// <exception cref="BackendException">It keeps them.</exception>
    /// <exception cref="OperationCanceledException">Who asked gave up, and it keeps them.</exception>
    public static async Task AwaitLetGoAsync(Detachment detachment, CancellationToken cancellationToken)
    {
        ToolstackServices services = detachment.Services;
        try
        {
            detachment.HasLetGo = await HasLetGoAsync(detachment, services.Timing.LetGo, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (TryWithdraw(detachment))
            {
                throw;
            }

            detachment.HasLetGo = await HasLetGoAsync(detachment, services.Timing.Ready, CancellationToken.None).ConfigureAwait(false);
            return;
        }

        if (detachment.HasLetGo || detachment.IsForced)
        {
            return;
        }

        if (TryWithdraw(detachment))
        {
            throw new BackendException(
                BackendFailure.Failed,
                $"domain {detachment.Life.DomainId} did not let go of {string.Join(", ", detachment.Devices)} within {services.Timing.LetGo.TotalSeconds} s "
                + "and keeps it; remove the device from its driver in the guest, or take it with -f");
        }

        // The guest has let go; how its bus scan ends does not matter any more.
        await HasLetGoAsync(detachment, services.Timing.Ready, CancellationToken.None).ConfigureAwait(false);
        detachment.HasLetGo = true;
    }

    /// <summary>A guest that writes its state all the time is in the middle of a change, whatever it writes.</summary>
    private static GuestAsked TryAsk(Detachment detachment)
    {
        try
        {
            return detachment.Services.Store.Run(store => Ask(store, detachment));
        }
        catch (HypervisorException e) when (e.Errno == Errno.EAGAIN)
        {
            return GuestAsked.Busy;
        }
    }

    private static GuestAsked Ask(IXenStoreAccess store, Detachment detachment)
    {
        DirectoryWriter writer = new(store, detachment.Guest);
        GuestDirectory directory = new DirectoryReader(store, detachment.Guest).ReadBoth();
        if (!directory.HasDeviceCount || directory.IsBeforeConnection || directory.HasFrontendClosed)
        {
            return GuestAsked.NotNeeded;
        }

        if (!directory.IsConnected)
        {
            return GuestAsked.Busy;
        }

        foreach (PciAddress device in detachment.Devices)
        {
            if (directory.Find(device) is { } keys)
            {
                writer.WriteDeviceState(keys.Index, XenbusState.Closing);
            }
        }

        writer.WriteState(XenbusState.Reconfiguring);
        return GuestAsked.Told;
    }

    private static Task<bool> HasLetGoAsync(Detachment detachment, TimeSpan timeout, CancellationToken cancellationToken) => StoreWait.UntilAsync(
        detachment.Services.Store, detachment.Guest,
        () =>
        {
            GuestStates states = new DirectoryReader(detachment.Services.Store, detachment.Guest).ReadStates();
            return states.Backend == XenbusState.Unknown || states.AreConnected || states.HasFrontendClosed
                || detachment.Services.Domains.Find(detachment.Life.DomainId) is not { HasEnded: false };
        },
        timeout, cancellationToken);

    /// <summary>
    /// Takes the request back while the guest has not answered. The backend's 7 stays: a guest that answers late finds nothing to remove
    /// and everybody goes on to 8 and 4, whereas a 4 written here could meet its 7.
    /// </summary>
    /// <returns>Whether the guest keeps the devices; false: too late, the backend has taken them or the guest is just letting go.</returns>
    private static bool TryWithdraw(Detachment detachment) => detachment.Services.Store.Run(store =>
    {
        DirectoryWriter writer = new(store, detachment.Guest);
        GuestDirectory directory = new DirectoryReader(store, detachment.Guest).ReadBoth();
        if (directory.Backend != XenbusState.Reconfiguring || directory.Frontend != XenbusState.Connected)
        {
            return false;
        }

        foreach (PciAddress device in detachment.Devices)
        {
            if (directory.Find(device) is { State: XenbusState.Closing } keys)
            {
                writer.WriteDeviceState(keys.Index, XenbusState.Initialised);
            }
        }

        return true;
    });
}
