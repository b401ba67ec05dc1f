using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>What stands between a held device and its next guest, as the host shows it now: gone, swapped, taken by a driver. Thread-safe.</summary>
internal sealed class DeviceObstacles(DeviceCustodyOptions options, HeldEntries entries)
{
    /// <summary>The code of what a held device has against itself.</summary>
    public const string Unusable = "unusable";

    /// <summary>Why a held device can't be given to anybody as it is now; null when it can. Nothing is changed but a lost override.</summary>
    public string? ObstacleOf(HeldRecord record)
    {
        SysfsBus bus = options.Bus;
        PciAddress address = record.Address;
        if (AbsenceOf(record) is { } absent)
        {
            return absent;
        }

        try
        {
            if (bus.OverrideOf(address) != HostSnapshot.SetAside)
            {
                bus.SetOverride(address, HostSnapshot.SetAside);
            }
        }
        catch (IOException failure)
        {
            return $"the host's drivers can't be kept away: {failure.Message}";
        }

        return PhysicalFunctionRule.Find(bus, address);
    }

    /// <summary>The same, changing nothing: what would stand between a held device and its next guest.</summary>
    /// <returns>The reason; null when there is none.</returns>
    public DeviceRefusal? Foresee(HeldRecord record)
    {
        if (AbsenceOf(record) is { } absent)
        {
            return new(Unusable, RefusalWeight.Impossible, absent)
            {
                Evidence = $"{options.Bus.FileOf(record.Address, "config")} and its ids, against the record of what was taken: {record.Identity}",
                Remedy = "Put the card back that was taken, or give it back (pci-assignable-remove) and take what is there",
            };
        }

        return PhysicalFunctionRule.Find(options.Bus, record.Address) is { } reason ? new(RefusalTable.PhysicalFunction, RefusalWeight.Impossible, reason)
        {
            Evidence = $"{options.Bus.FileOf(options.Bus.PhysicalFunctionOf(record.Address)!.Value, "config")}: Command, SR-IOV Control",
            Remedy = RefusalTable.Of(RefusalTable.PhysicalFunction).Remedy,
        } : null;
    }

    /// <summary>Why what is at its address is not the device that was taken, or not ours any more; null when it is.</summary>
    public string? AbsenceOf(HeldRecord record) => AbsenceOf(options.Bus, record, entries.IsHeld);

    /// <summary>The same, without a custody: by the record alone.</summary>
    public static string? AbsenceOf(SysfsBus bus, HeldRecord record, Func<PciAddress, bool> isHeld)
    {
        PciAddress address = record.Address;
        if (DeviceIdentity.Read(bus, address) is not { } identity)
        {
            return $"it is gone: the host has no function there any more{Elsewhere(bus, record, isHeld)}";
        }

        if (!Answers(bus, address))
        {
            return "it is gone: it does not answer (all ones)";
        }

        if (identity != record.Identity)
        {
            return $"another card is in its place: {record.Identity} was taken, {identity} is there now{Elsewhere(bus, record, isHeld)}. "
                + "Give it back and take it anew if that is meant";
        }

        return bus.DriverOf(address) is { } driver ? $"the host's driver {driver} was bound to it meanwhile" : null;
    }

    /// <summary>Whether it is still the kernel's object that was taken, with no driver: then it is ours to stop, whatever it says of itself.</summary>
    public bool IsOurObject(HeldRecord record) =>
        HostControls.IsSameObject(options.Bus, record) && options.Bus.DriverOf(record.Address) is null;

    /// <summary>Where the card is now, for a message: addresses move when firmware or other cards change. Empty when it is nowhere else.</summary>
    public string Elsewhere(HeldRecord record) => Elsewhere(options.Bus, record, entries.IsHeld);

    /// <summary>Whether anything answers at an address.</summary>
    public bool Answers(PciAddress address) => Answers(options.Bus, address);

    private static bool Answers(SysfsBus bus, PciAddress address)
    {
        try
        {
            using var function = SysfsFunction.Open(address, writable: false, bus.DevicesRoot);
            return !NoAnswer.From(function);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string Elsewhere(SysfsBus bus, HeldRecord record, Func<PciAddress, bool> isHeld)
    {
        PciAddress[] found = [.. PciDevices.Addresses(bus.DevicesRoot)
            .Where(address => address != record.Address && !isHeld(address) && DeviceIdentity.Read(bus, address)?.IsSameCard(record.Identity) == true)];
        return found.Length == 0 ? string.Empty : $"; a card like the one that was taken is at {string.Join(", ", found)}";
    }
}
