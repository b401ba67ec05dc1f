using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>
/// What is held when the program starts: what this boot's records say and sysfs confirms, what an earlier boot
/// held, and what was hidden at boot.
/// </summary>
internal sealed class CustodyRecovery(
    DeviceCustodyOptions options,
    HeldEntries entries,
    DeviceRecords records,
    DeviceTaking taking,
    DeviceObstacles obstacles,
    DeviceHolding holding,
    string bootId)
{
    /// <summary>
    /// Takes what is meant to be held but is not yet: devices that were hidden when the host booted, and those that an earlier boot held. Refusals hold as for
    /// everybody; nobody insists. May take seconds for each device (resets).
    /// </summary>
    /// <returns>What could not be taken, one line for each device; its record stays for the next time.</returns>
    public IReadOnlyList<string> Adopt()
    {
        List<string> problems = [];
        foreach (HeldRecord record in records.All())
        {
            if (!entries.IsHeld(record.Address))
            {
                Adopt(record.Address, record, problems);
            }
        }

        foreach (PciAddress address in PciDevices.Addresses(options.Bus.DevicesRoot))
        {
            if (!entries.IsHeld(address) && options.Bus.OverrideOf(address) == HostSnapshot.SetAside && options.Bus.DriverOf(address) is null)
            {
                Adopt(address, record: null, problems);
            }
        }

        return problems;
    }

    /// <summary>
    /// Looks at what is held since <see cref="Recover()"/>, and says of each whether its next guest can have it: not before guests are served who have one,
    /// because it takes a while where devices are many. Who is given one meanwhile is given it as now: it is looked at then anyway.
    /// </summary>
    public void Examine()
    {
        foreach (HeldRecord record in records.All())
        {
            HeldEntry entry = entries.Get(record.Address);
            lock (entry.Gate)
            {
                if (entry.Record is { } held && held.BootId == bootId)
                {
                    Guarded(entry, held, Examine);
                }
            }
        }
    }

    /// <summary>
    /// Devices of this boot are held as they are, which costs a look at the kernel's files; a program that died in the middle of taking one is undone.
    /// </summary>
    public void Recover()
    {
        foreach (HeldRecord record in records.All())
        {
            if (record.BootId != bootId || bootId.Length == 0)
            {
                continue;
            }

            HeldEntry entry = entries.Get(record.Address);
            lock (entry.Gate)
            {
                Guarded(entry, record, Recover);
            }
        }
    }

    private void Guarded(HeldEntry entry, HeldRecord record, Action<HeldEntry, HeldRecord> action)
    {
        try
        {
            action(entry, record);
        }
        catch (Exception failure)
        {
            // The others, and the daemon itself, start all the same. What is on disk stays for the next time.
            entry.Unusable = failure.Message;
            entries.Show(entry, record.IsComplete ? record : null);
            CustodyLog.Unusable(options.Logger, record.Address, failure.Message);
        }
    }

    private void Recover(HeldEntry entry, HeldRecord record)
    {
        if (!record.IsComplete)
        {
            foreach (string left in taking.Abandon(record))
            {
                CustodyLog.Warning(options.Logger, record.Address, $"left over from a program that died: {left}");
            }

            CustodyLog.NotHeld(options.Logger, record.Address, "a program died while taking it; that was undone");
            return;
        }

        // Somebody else's driver has it: it is no longer ours to hold.
        if (options.Bus.DriverOf(record.Address) is { } driver)
        {
            records.Remove(record.Address);
            CustodyLog.NotHeld(options.Logger, record.Address, $"it is no longer held: the host's driver {driver} was bound to it");
            return;
        }

        entries.Show(entry, record);
    }

    private void Examine(HeldEntry entry, HeldRecord record)
    {
        // One that a guest has by now was looked at when it got it.
        if (entry.Owner is null)
        {
            entry.Unusable = obstacles.ObstacleOf(record);
            entries.Show(entry, record);
        }

        if (entry.Unusable is { } why)
        {
            CustodyLog.Unusable(options.Logger, record.Address, why);
        }
        else
        {
            CustodyLog.StillHeld(options.Logger, record.Address);
        }
    }

    private void Adopt(PciAddress address, HeldRecord? record, List<string> problems)
    {
        try
        {
            if (record is not null)
            {
                CheckSameCard(record);
            }

            holding.Hold(address, record?.Name, force: false);
        }
        catch (Exception failure)
        {
            // Whatever it is, a defect of ours included: the other devices' guests wait for theirs.
            problems.Add(failure is BackendException ? failure.Message : $"{address}: {failure.Message}");
            CustodyLog.NotHeld(options.Logger, address, failure.Message);
        }
    }

    private void CheckSameCard(HeldRecord record)
    {
        if (DeviceIdentity.Read(options.Bus, record.Address) is { } there && there != record.Identity)
        {
            throw new BackendException(
                BackendFailure.Failed,
                $"{record.Address}: another card is in its place: {record.Identity} was held before the host booted, "
                + $"{there} is there now{obstacles.Elsewhere(record)}");
        }
    }
}
