using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Offers devices to a guest through its directory, and follows how it takes them up. On the guest's queue.</summary>
internal static class DeviceOffer
{
    /// <summary>Writes the devices' keys as soon as no change is under way.</summary>
    /// <exception cref="BackendException">The guest died or closed its frontend, has one of them already, or does not end its change in time.</exception>
    public static async Task WriteAsync(Attachment attachment, CancellationToken cancellationToken)
    {
        ToolstackServices services = attachment.Services;
        DomainLife life = attachment.Life;
        IReadOnlyList<HeldDevice> held = services.Custody.Held();
        List<NewDevice> added =
        [
            .. attachment.Devices.Select(device => attachment.Request.Spec.Describe(
                device.Address, device.Name, isLone: !held.Any(other => other.Address != device.Address && other.Address.SharesSlotWith(device.Address)))),
        ];
        bool isReady = await StoreWait.UntilAsync(
            services.Store, GuestId.Of(life.DomainId),
            () =>
            {
                ThrowIfGone(services, life);
                attachment.Written = services.Store.Run(store => Write(store, life.DomainId, added));
                return attachment.Written > KeysWritten.Closed;
            },
            services.Timing.Ready, cancellationToken).ConfigureAwait(false);
        if (!isReady)
        {
            throw new BackendException(BackendFailure.Failed, attachment.Written == KeysWritten.Closed
                ? $"domain {life.DomainId} has closed its PCI frontend{ErrorOf(services, life)}; load its driver again or restart the guest"
                : $"domain {life.DomainId} has not finished its last change within {services.Timing.Ready.TotalSeconds} s; its frontend may not answer");
        }
    }

    /// <summary>Waits until the guest has the devices; of one that stands still or never answered, until the backend has published them.</summary>
    /// <exception cref="BackendException">It died, closed, could not be given one, or does not take them up in time.</exception>
    public static async Task AwaitTakeUpAsync(Attachment attachment, CancellationToken cancellationToken)
    {
        ToolstackServices services = attachment.Services;
        var guest = GuestId.Of(attachment.Life.DomainId);
        long begin = Environment.TickCount64;
        bool done = await StoreWait.UntilAsync(
            services.Store, guest,
            () => IsTakenUp(attachment, Environment.TickCount64 - begin),
            services.Timing.TakeUp, cancellationToken).ConfigureAwait(false);
        if (done)
        {
            return;
        }

        GuestDirectory directory = DirectoryReader.Read(services.Store, guest);
        throw new BackendException(
            BackendFailure.Failed,
            $"domain {guest.DomainId} did not take {string.Join(", ", attachment.Addresses)} up within {services.Timing.TakeUp.TotalSeconds} s "
            + $"(backend state {(int)directory.Backend}, frontend state {(int)directory.Frontend})");
    }

    private static KeysWritten Write(IXenStoreAccess store, int domainId, List<NewDevice> added)
    {
        var guest = GuestId.Of(domainId);
        DirectoryWriter writer = new(store, guest);
        GuestDirectory directory = new DirectoryReader(store, guest).ReadBoth();
        if (added.Exists(device => directory.Find(device.Host) is not null))
        {
            throw new BackendException(BackendFailure.Failed, $"domain {domainId} has {added[0].Host} already");
        }

        KeysWritten written;
        if (!directory.HasDeviceCount)
        {
            writer.Create();
            written = KeysWritten.First;
        }
        else if (directory.IsBeforeConnection)
        {
            written = KeysWritten.Waiting;
        }
        else if (directory.Backend == XenbusState.Connected)
        {
            writer.WriteState(XenbusState.Reconfiguring);
            written = KeysWritten.Running;
        }
        else
        {
            return directory.Backend is XenbusState.Closing or XenbusState.Closed or XenbusState.Unknown ? KeysWritten.Closed : KeysWritten.Busy;
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

    private static bool IsTakenUp(Attachment attachment, long milliseconds)
    {
        ToolstackServices services = attachment.Services;
        DomainLife life = attachment.Life;
        var guest = GuestId.Of(life.DomainId);
        DomainInfo domain = ThrowIfGone(services, life);

        // Until the guest echoes that it was told, the backend has not looked at the device.
        if (attachment.Written == KeysWritten.Running && !domain.IsPaused
            && new DirectoryReader(services.Store, guest).ReadStates().Backend == XenbusState.Reconfiguring)
        {
            return false;
        }

        GuestDirectory directory = DirectoryReader.Read(services.Store, guest);
        if (!directory.HasDeviceCount || directory.Backend is XenbusState.Closing or XenbusState.Closed or XenbusState.Unknown)
        {
            throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId}: its PCI backend closed{ErrorOf(services, life)}");
        }

        bool arePublished = true;
        bool isForgotten = false;
        foreach (PciAddress device in attachment.Addresses)
        {
            DeviceKeys keys = KeysOf(directory, device, life);
            RequestedSlot.RefuseIfElsewhere(directory, life, attachment.Request.Spec, keys);
            arePublished &= keys.IsPublished;
            isForgotten |= keys.State == XenbusState.Initialising;
        }

        // Written while the frontend was just connecting: the backend had looked, the guest was not told.
        if (isForgotten && directory.IsConnected)
        {
            services.Store.Run(store => TellAgain(store, guest));
        }

        if (arePublished && directory.IsConnected)
        {
            return true;
        }

        // A guest that stands still, or that has not come to its frontend yet, gets the device when it does.
        return attachment.Written switch
        {
            KeysWritten.Running => domain.IsPaused,
            KeysWritten.First => arePublished && (domain.IsPaused
                || (directory.Frontend == XenbusState.Initialising && milliseconds >= services.Timing.FirstConnect.TotalMilliseconds)),
            _ => arePublished,
        };
    }

    private static DeviceKeys KeysOf(GuestDirectory directory, PciAddress device, DomainLife life)
    {
        DeviceKeys keys = directory.Find(device)
            ?? throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId}: the keys of {device} were removed by somebody else");
        if (!keys.IsFailed)
        {
            return keys;
        }

        string reason = keys.Error is null ? "the backend gives no reason" : StoreFormats.Bounded(keys.Error);
        throw new BackendException(BackendFailure.Failed, $"{device} could not be given to domain {life.DomainId}: {reason}");
    }

    private static void TellAgain(IXenStoreAccess store, GuestId guest)
    {
        if (new DirectoryReader(store, guest).ReadStates().AreConnected)
        {
            new DirectoryWriter(store, guest).WriteState(XenbusState.Reconfiguring);
        }
    }

    private static DomainInfo ThrowIfGone(ToolstackServices services, DomainLife life) => services.Domains.FindAlive(life)
        ?? throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId} died");

    private static string ErrorOf(ToolstackServices services, DomainLife life) =>
        new DirectoryReader(services.Store, GuestId.Of(life.DomainId)).ReadError() is { } error ? $": {StoreFormats.Bounded(error)}" : string.Empty;
}
