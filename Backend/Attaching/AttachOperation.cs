using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>Gives devices to a guest: all of them, or none and everything as before. On the guest's queue.</summary>
internal sealed class AttachOperation(ToolstackServices services, DeviceGrants grants, TakeBack takeBack)
{
    private enum Written
    {
        /// <summary>Not: a change is under way.</summary>
        Busy,

        /// <summary>Not: the guest closed its frontend.</summary>
        Closed,

        /// <summary>With new directories.</summary>
        First,

        /// <summary>For a frontend that has not connected yet.</summary>
        Waiting,

        /// <summary>For a connected frontend, which was told.</summary>
        Running,
    }

    /// <summary>Grants, offers and waits.</summary>
    /// <param name="life">To whom.</param>
    /// <param name="devices">What: held, and nobody's.</param>
    /// <param name="request">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BackendException">The step that failed; everything was undone.</exception>
    public async Task RunAsync(DomainLife life, IReadOnlyList<HeldDevice> devices, AttachRequest request, CancellationToken cancellationToken)
    {
        PciAddress[] addresses = [.. devices.Select(static device => device.Address)];
        try
        {
            foreach (PciAddress device in addresses)
            {
                cancellationToken.ThrowIfCancellationRequested();
                services.Custody.MakeReady(device);
                grants.Give(life, device, request.Spec.IsRelaxed);
            }

            Written written = await WriteNodesAsync(life, devices, request, cancellationToken).ConfigureAwait(false);
            foreach (PciAddress device in addresses)
            {
                ToolstackLog.Offered(services.Logger, life.DomainId, device);
            }

            if (request.Wait)
            {
                await AwaitTakeUpAsync(life, addresses, written, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            BackendException? undone = await UndoAsync(life, addresses).ConfigureAwait(false);
            if (e is OperationCanceledException && undone is null)
            {
                throw;
            }

            BackendFailure failure = e is BackendException known ? known.Failure : BackendFailure.Failed;
            string message = e is HypervisorException or IOException ? $"{string.Join(", ", addresses)}: {e.Message}" : e.Message;
            throw new BackendException(failure, undone is null ? message : $"{message}. Undoing it failed too: {undone.Message}", e);
        }
    }

    private async Task<BackendException?> UndoAsync(DomainLife life, PciAddress[] devices)
    {
        try
        {
            await takeBack.RunAsync(life, devices, forget: true).ConfigureAwait(false);
            return null;
        }
        catch (BackendException e)
        {
            return e;
        }
        catch (Exception e) when (e is HypervisorException or IOException)
        {
            return new(BackendFailure.Failed, e.Message, e);
        }
    }

    private async Task<Written> WriteNodesAsync(
        DomainLife life, IReadOnlyList<HeldDevice> devices, AttachRequest request, CancellationToken cancellationToken)
    {
        List<JournalEntry> entries = [];
        List<NewDevice> added = [];
        foreach (HeldDevice device in devices)
        {
            if (request.Keep)
            {
                services.Journal.Complete(services.Journal.Begin(life, device.Address, GrantOwner.Us, new(GrantKind.Kept, Text: request.Spec.ToString())));
            }

            entries.Add(services.Journal.Begin(life, device.Address, GrantOwner.Us, new(GrantKind.Nodes)));
            added.Add(request.Spec.Describe(device.Address, device.Name));
        }

        Written written = Written.Busy;
        bool isReady = await StoreWait.UntilAsync(
            services.Store, GuestId.Of(life.DomainId),
            () =>
            {
                ThrowIfGone(life);
                written = services.Store.Run(store => Write(store, life.DomainId, added));
                return written > Written.Closed;
            },
            services.Timing.Ready, cancellationToken).ConfigureAwait(false);
        if (!isReady)
        {
            throw new BackendException(BackendFailure.Failed, written == Written.Closed
                ? $"domain {life.DomainId} has closed its PCI frontend{ErrorNode(life.DomainId)}; load its driver again or restart the guest"
                : $"domain {life.DomainId} has not finished its last change within {services.Timing.Ready.TotalSeconds} s; its frontend may not answer");
        }

        foreach (JournalEntry entry in entries)
        {
            services.Journal.Complete(entry);
        }

        return written;
    }

    private static Written Write(IXenStoreAccess store, int domainId, List<NewDevice> added)
    {
        var guest = GuestId.Of(domainId);
        DirectoryWriter writer = new(store, guest);
        GuestDirectory directory = new DirectoryReader(store, guest).ReadBoth();
        if (added.Exists(device => directory.Find(device.Host) is not null))
        {
            throw new BackendException(BackendFailure.Failed, $"domain {domainId} has {added[0].Host} already");
        }

        Written written;
        if (!directory.HasDeviceCount)
        {
            writer.Create();
            written = Written.First;
        }
        else if (directory.IsBeforeConnection)
        {
            written = Written.Waiting;
        }
        else if (directory.Backend == XenbusState.Connected)
        {
            writer.WriteState(XenbusState.Reconfiguring);
            written = Written.Running;
        }
        else
        {
            return directory.Backend is XenbusState.Closing or XenbusState.Closed or XenbusState.Unknown ? Written.Closed : Written.Busy;
        }

        int index = directory.Devices.Count;
        if (index + added.Count > GuestDirectory.MaxDevices)
        {
            throw new BackendException(BackendFailure.Failed, $"domain {domainId} has {index} devices; {GuestDirectory.MaxDevices} are the most");
        }

        foreach (NewDevice device in added)
        {
            writer.AddDevice(index++, device);
        }

        return written;
    }

    private async Task AwaitTakeUpAsync(DomainLife life, PciAddress[] devices, Written written, CancellationToken cancellationToken)
    {
        long begin = Environment.TickCount64;
        bool done = await StoreWait.UntilAsync(
            services.Store, GuestId.Of(life.DomainId),
            () => IsTakenUp(life, devices, written, Environment.TickCount64 - begin),
            services.Timing.TakeUp, cancellationToken).ConfigureAwait(false);
        if (done)
        {
            return;
        }

        GuestDirectory directory = DirectoryReader.Read(services.Store, GuestId.Of(life.DomainId));
        throw new BackendException(
            BackendFailure.Failed,
            $"domain {life.DomainId} did not take {string.Join(", ", devices)} up within {services.Timing.TakeUp.TotalSeconds} s "
            + $"(backend state {(int)directory.Backend}, frontend state {(int)directory.Frontend})");
    }

    private bool IsTakenUp(DomainLife life, PciAddress[] devices, Written written, long milliseconds)
    {
        DomainInfo domain = ThrowIfGone(life);

        // Until the guest echoes that it was told, the backend has not looked at the device.
        if (written == Written.Running && !domain.IsPaused && new DirectoryReader(services.Store, GuestId.Of(life.DomainId)).ReadStates().Backend == XenbusState.Reconfiguring)
        {
            return false;
        }

        GuestDirectory directory = DirectoryReader.Read(services.Store, GuestId.Of(life.DomainId));
        if (!directory.HasDeviceCount || directory.Backend is XenbusState.Closing or XenbusState.Closed or XenbusState.Unknown)
        {
            throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId}: its PCI backend closed{ErrorNode(life.DomainId)}");
        }

        bool arePublished = true;
        bool isForgotten = false;
        foreach (PciAddress device in devices)
        {
            DeviceKeys keys = directory.Find(device)
                ?? throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId}: the keys of {device} were removed by somebody else");
            if (keys.IsFailed)
            {
                string reason = keys.Error is null ? "the backend gives no reason" : StoreFormats.Bounded(keys.Error);
                throw new BackendException(BackendFailure.Failed, $"{device} could not be given to domain {life.DomainId}: {reason}");
            }

            arePublished &= keys.IsPublished;
            isForgotten |= keys.State == XenbusState.Initialising;
        }

        // Written while the frontend was just connecting: the backend had looked, the guest was not told.
        if (isForgotten && directory.IsConnected)
        {
            services.Store.Run(store => TellAgain(store, life.DomainId));
        }

        if (arePublished && directory.IsConnected)
        {
            return true;
        }

        // A guest that stands still, or that has not come to its frontend yet, gets the device when it does.
        return written switch
        {
            Written.Running => domain.IsPaused,
            Written.First => arePublished && (domain.IsPaused
                || (directory.Frontend == XenbusState.Initialising && milliseconds >= services.Timing.FirstConnect.TotalMilliseconds)),
            _ => arePublished,
        };
    }

    private static bool TellAgain(IXenStoreAccess store, int domainId)
    {
        var guest = GuestId.Of(domainId);
        bool isConnected = new DirectoryReader(store, guest).ReadStates().AreConnected;
        if (isConnected)
        {
            new DirectoryWriter(store, guest).WriteState(XenbusState.Reconfiguring);
        }

        return isConnected;
    }

    private DomainInfo ThrowIfGone(DomainLife life) => services.Domains.FindAlive(life)
        ?? throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId} died");

    private string ErrorNode(int domainId) =>
        new DirectoryReader(services.Store, GuestId.Of(domainId)).ReadError() is { } error ? $": {StoreFormats.Bounded(error)}" : string.Empty;
}
