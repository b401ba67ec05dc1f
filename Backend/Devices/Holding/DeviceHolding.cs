using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>How a device comes to be held and stops being so. Each device under its gate.</summary>
internal sealed class DeviceHolding(
    DeviceCustodyOptions options, HeldEntries entries, DeviceRecords records, DeviceTaking taking, Quarantine quarantine, string bootId)
{
    /// <inheritdoc cref="IDeviceCustody.FormerGuests"/>
    public IFormerGuests? FormerGuests { get; set; }

    /// <inheritdoc cref="IDeviceCustody.LineGuests"/>
    public ILineGuests? LineGuests { get; set; }

    /// <summary>What is said of a device that nobody took.</summary>
    public static BackendException NotHeld(PciAddress address) =>
        new(BackendFailure.Failed, $"{address} is not held for guests. Take it with pci-assignable-add first.");

    /// <summary>Takes a device, or gives a held one another name; the name as it is, because a record of an earlier boot keeps the one it has.</summary>
    /// <exception cref="BackendException">It is refused, or a step failed and was undone.</exception>
    public HeldDevice Hold(PciAddress address, string? name, bool force)
    {
        HeldEntry entry = entries.Get(address);
        lock (entry.Gate)
        {
            if (entry.Record is { } held)
            {
                HeldRecord renamed = held with { Name = name };
                records.Put(renamed);
                entries.Show(entry, renamed);
            }
            else
            {
                HeldRecord record = taking.Take(address, name, force, bootId);
                (entry.IsClean, entry.IsQuiet, entry.Unusable) = (true, true, null);
                entries.Show(entry, record);
            }

            return entry.Shown!;
        }
    }

    /// <inheritdoc cref="IDeviceCustody.GiveBack"/>
    public void GiveBack(PciAddress address, bool rebind, bool force)
    {
        if (entries.Find(address) is not { } entry)
        {
            return;
        }

        lock (entry.Gate)
        {
            if (entry.Record is not { } record)
            {
                return;
            }

            if (entry.Owner is { } owner)
            {
                throw new BackendException(BackendFailure.Refused, $"{address} is in use by domain {owner}. Detach it first.");
            }

            // Before Xen is asked: an attach that has ended by then is one that Xen knows of.
            if (!entry.Pins.TryClose())
            {
                throw new BackendException(
                    BackendFailure.Refused, $"{address} is just being given to a guest or taken from one. Try again when that has ended.");
            }

            try
            {
                if (IsGuests(address) && options.Bus.Exists(address))
                {
                    throw new BackendException(BackendFailure.Refused, $"{address} belongs to a guest, says Xen. Detach it first.");
                }

                if (options.Bus.VirtualFunctionsOf(address).Where(entries.IsHeld).ToArray() is { Length: > 0 } needing)
                {
                    throw new BackendException(
                        BackendFailure.Refused,
                        $"{address} is needed by its virtual functions {string.Join(", ", needing)}, which are held. Give those back first.");
                }

                // One that is gone, or that a driver of the host has by now, is not handed on here.
                if (options.Bus.Exists(address) && options.Bus.DriverOf(address) is null)
                {
                    Warn(FormerGuestRule.Weigh(options.Refusals, address, FormerGuests?.LivingOf(address) ?? [], force));
                    Warn(SharedLineRule.Weigh(options.Refusals, address, LineGuests?.OthersOn(address, next: null) ?? [], force));
                }

                // Whatever becomes of it: a reset on this way that failed leaves nobody knows what.
                (entry.IsClean, entry.IsQuiet) = (false, false);
                taking.GiveBack(record, rebind, force);
            }
            finally
            {
                entry.Pins.Open();

                // Given back although its driver did not take it, the record is gone.
                if (records.All().All(left => left.Address != address))
                {
                    entries.Show(entry, null);
                }
            }
        }

        void Warn(string? warning)
        {
            if (warning is not null)
            {
                CustodyLog.Warning(options.Logger, address, $"it is given back all the same: {warning}");
            }
        }
    }

    /// <summary>Whether a guest has a device, as Xen says.</summary>
    /// <exception cref="BackendException">Xen did not answer.</exception>
    public bool IsGuests(PciAddress address)
    {
        try
        {
            return quarantine.IsGuests(address);
        }
        catch (HypervisorException failure)
        {
            throw new BackendException(BackendFailure.Failed, $"{address}: Xen did not answer: {failure.Message}", failure);
        }
    }
}
