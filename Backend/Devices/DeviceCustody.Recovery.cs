using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices;

// What is held when the program starts.
public sealed partial class DeviceCustody
{
    /// <summary>
    /// Takes what is meant to be held but is not yet: devices that were hidden when the host booted, and those that an earlier boot held. Refusals hold as for
    /// everybody; nobody insists. May take seconds for each device (resets).
    /// </summary>
    /// <returns>What could not be taken, one line for each device; its record stays for the next time.</returns>
    public IReadOnlyList<string> AdoptHidden()
    {
        List<string> problems = [];
        foreach (HeldRecord record in _records.All())
        {
            if (!IsHeld(record.Address))
            {
                Adopt(record.Address, record, problems);
            }
        }

        foreach (PciAddress address in PciDevices.Addresses(_options.Bus.DevicesRoot))
        {
            if (!IsHeld(address) && _options.Bus.OverrideOf(address) == HostPicture.SetAside && _options.Bus.DriverOf(address) is null)
            {
                Adopt(address, record: null, problems);
            }
        }

        return problems;
    }

    // Devices of this boot are held as they are; a program that died in the middle of taking one is undone.
    private void Recover()
    {
        foreach (HeldRecord record in _records.All())
        {
            if (record.BootId != _bootId || _bootId.Length == 0)
            {
                continue;
            }

            Entry entry = GetEntry(record.Address);
            lock (entry.Gate)
            {
                try
                {
                    Recover(entry, record);
                }
                catch (Exception failure)
                {
                    // The others, and the daemon itself, start all the same. What is on disk stays for the next time.
                    entry.Unusable = failure.Message;
                    Show(entry, record.IsComplete ? record : null);
                    CustodyLog.Unusable(_options.Logger, record.Address, failure.Message);
                }
            }
        }
    }

    private void Recover(Entry entry, HeldRecord record)
    {
        if (!record.IsComplete)
        {
            foreach (string left in _taking.Abandon(record))
            {
                CustodyLog.Warning(_options.Logger, record.Address, $"left over from a program that died: {left}");
            }

            CustodyLog.NotHeld(_options.Logger, record.Address, "a program died while taking it; that was undone");
            return;
        }

        // Somebody else's driver has it: it is no longer ours to hold.
        if (_options.Bus.DriverOf(record.Address) is { } driver)
        {
            _records.Remove(record.Address);
            CustodyLog.NotHeld(_options.Logger, record.Address, $"it is no longer held: the host's driver {driver} was bound to it");
            return;
        }

        entry.Unusable = ObstacleOf(record);
        Show(entry, record);
        if (entry.Unusable is { } why)
        {
            CustodyLog.Unusable(_options.Logger, record.Address, why);
        }
        else
        {
            CustodyLog.StillHeld(_options.Logger, record.Address);
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

            Hold(address, record?.Name, force: false);
        }
        catch (Exception failure)
        {
            // Whatever it is, a defect of ours included: the other devices' guests wait for theirs.
            problems.Add(failure is BackendException ? failure.Message : $"{address}: {failure.Message}");
            CustodyLog.NotHeld(_options.Logger, address, failure.Message);
        }
    }

    private void CheckSameCard(HeldRecord record)
    {
        if (Identity.DeviceIdentity.Read(_options.Bus, record.Address) is { } there && there != record.Identity)
        {
            throw new BackendException(
                BackendFailure.Failed,
                $"{record.Address}: another card is in its place: {record.Identity} was held before the host booted, {there} is there now{Elsewhere(record)}");
        }
    }
}
