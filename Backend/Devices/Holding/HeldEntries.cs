using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>
/// The devices of a custody, by address. Its lock is never held while a device is touched, so that looking never waits for a reset; each
/// entry has a gate of its own for that. Thread-safe.
/// </summary>
internal sealed class HeldEntries
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<PciAddress, HeldEntry> _entries = [];

    /// <summary>What callers see of all that is held, by address.</summary>
    public IReadOnlyList<HeldDevice> Shown()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Select(static entry => entry.Shown).OfType<HeldDevice>()];
        }
    }

    /// <summary>Every entry, by address, also those of devices that are not held any more.</summary>
    public HeldEntry[] All()
    {
        lock (_lock)
        {
            return [.. _entries.Values];
        }
    }

    /// <summary>A device's entry, or null when it was never held or about to be.</summary>
    public HeldEntry? Find(PciAddress address)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(address);
        }
    }

    /// <summary>A device's entry, made when there is none.</summary>
    public HeldEntry Get(PciAddress address)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out HeldEntry? entry))
            {
                _entries.Add(address, entry = new());
            }

            return entry;
        }
    }

    /// <summary>Whether a device is held.</summary>
    public bool IsHeld(PciAddress address) => Find(address)?.Record is not null;

    /// <summary>Makes an entry's new state visible. The entry's gate is held.</summary>
    public void Show(HeldEntry entry, HeldRecord? record)
    {
        lock (_lock)
        {
            entry.Record = record;
            entry.Shown = record is null
                ? null
                : new(record.Address, record.Name, record.OriginalDriver, record.Identity.VendorId, record.Identity.DeviceId, entry.Owner)
            {
                Identity = record.Identity,
                Unusable = entry.Unusable,
                Warnings = record.Warnings,
            };
        }
    }
}
