using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices;

/// <summary>
/// The host's devices that guests can have, over sysfs and Xen. A held device has no driver and can get none; its identity, its original driver and its settings are on disk,
/// so that a restarted program goes on holding it and a restarted host finds it again.
/// Locks: each device has a gate that is held while something is done to it, seconds if need be; the list of devices has a lock of its own, never held
/// while a device is touched, so that looking never waits for a reset.
/// </summary>
public sealed partial class DeviceCustody : IDeviceCustody, IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<PciAddress, Entry> _entries = [];
    private readonly DeviceCustodyOptions _options;
    private readonly DeviceRecords _records;
    private readonly DeviceTaking _taking;
    private readonly Quarantine _quarantine;
    private readonly string _bootId;

    private DeviceCustody(DeviceCustodyOptions options)
    {
        _options = options;
        _records = new(new StateFile(options.StateDirectory));
        _taking = new(options, _records, OwnerOf);
        _quarantine = new(options.Domains, options.Physdev);
        _bootId = ReadBootId(options.Proc);
    }

    /// <summary>
    /// Opens the custody: what this boot's records say and sysfs confirms is held again, as it is, because a guest may be using it. What an earlier boot held, or what was
    /// hidden when the host booted, is taken by <see cref="AdoptHidden"/>.
    /// </summary>
    /// <param name="options">What to work with.</param>
    /// <returns>The custody. Devices stay held when it is disposed.</returns>
    /// <exception cref="BackendException">The state file can't be read.</exception>
    public static DeviceCustody Open(DeviceCustodyOptions options)
    {
        DeviceCustody custody = new(options);
        custody.Recover();
        return custody;
    }

    /// <inheritdoc/>
    public IReadOnlyList<HeldDevice> Held()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Select(static entry => entry.Shown).OfType<HeldDevice>()];
        }
    }

    /// <inheritdoc/>
    public HeldDevice? Find(string addressOrName)
    {
        bool isAddress = PciAddress.TryParse(addressOrName, out PciAddress address);
        return Held().FirstOrDefault(device => isAddress ? device.Address == address : device.Name == addressOrName);
    }

    /// <inheritdoc/>
    public IReadOnlyList<BaseAddress> BaseAddressesOf(PciAddress address)
    {
        using var function = SysfsFunction.Open(address, writable: false, _options.Bus.DevicesRoot);
        return function.BaseAddresses;
    }

    /// <inheritdoc/>
    public int LineOf(PciAddress address) => FindEntry(address)?.Record?.Line ?? 0;

    /// <inheritdoc/>
    public HeldDevice Take(PciAddress address, string? name, bool force)
    {
        DeviceName.Check(name, address, Held());
        return Hold(address, name, force);
    }

    // With the name as it is: a record of an earlier boot keeps the one it has.
    private HeldDevice Hold(PciAddress address, string? name, bool force)
    {
        Entry entry = GetEntry(address);
        lock (entry.Gate)
        {
            if (entry.Record is { } held)
            {
                HeldRecord renamed = held with { Name = name };
                _records.Put(renamed);
                Show(entry, renamed);
            }
            else
            {
                HeldRecord record = _taking.Take(address, name, force, _bootId);
                (entry.IsClean, entry.IsQuiet, entry.Unusable) = (true, true, null);
                Show(entry, record);
            }

            return entry.Shown!;
        }
    }

    /// <inheritdoc/>
    public void GiveBack(PciAddress address, bool rebind)
    {
        if (FindEntry(address) is not { } entry)
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
            if (!entry.Keepers.TryClose())
            {
                throw new BackendException(BackendFailure.Refused, $"{address} is just being given to a guest or taken from one. Try again when that has ended.");
            }

            try
            {
                if (Asked(() => _quarantine.IsGuests(address), address) && _options.Bus.Exists(address))
                {
                    throw new BackendException(BackendFailure.Refused, $"{address} belongs to a guest, says Xen. Detach it first.");
                }

                if (_options.Bus.VirtualFunctionsOf(address).Where(IsHeld).ToArray() is { Length: > 0 } needing)
                {
                    throw new BackendException(BackendFailure.Refused, $"{address} is needed by its virtual functions {string.Join(", ", needing)}, which are held. Give those back first.");
                }

                _taking.GiveBack(record, rebind);
            }
            finally
            {
                entry.Keepers.Open();

                // Given back although its driver did not take it, the record is gone.
                if (_records.All().All(left => left.Address != address))
                {
                    Show(entry, null);
                }
            }
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryKeep(PciAddress address) => GetEntry(address).Keepers.TryKeep();

    /// <summary>Closes what guests still have open. Devices stay held: on disk, and in sysfs.</summary>
    public void Dispose()
    {
        foreach (Entry entry in Entries())
        {
            lock (entry.Gate)
            {
                entry.Function?.Dispose();
                entry.Function = null;
                entry.Owner = null;
            }
        }
    }

    private static string ReadBootId(string proc)
    {
        try
        {
            return File.ReadAllText(Path.Combine(proc, "sys/kernel/random/boot_id")).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without it no record is of this boot: each is checked and taken anew.
            return string.Empty;
        }
    }

    private bool IsHeld(PciAddress address) => FindEntry(address)?.Record is not null;

    private Entry? FindEntry(PciAddress address)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(address);
        }
    }

    private Entry GetEntry(PciAddress address)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry))
            {
                _entries.Add(address, entry = new());
            }

            return entry;
        }
    }

    /// <summary>Makes an entry's new state visible. The gate is held.</summary>
    private void Show(Entry entry, HeldRecord? record)
    {
        lock (_lock)
        {
            entry.Record = record;
            entry.Shown = record is null ? null : new(record.Address, record.Name, record.OriginalDriver, record.Identity.VendorId, record.Identity.DeviceId, entry.Owner)
            {
                Unusable = entry.Unusable,
                Warnings = record.Warnings,
            };
        }
    }

    private static bool Asked(Func<bool> question, PciAddress address)
    {
        try
        {
            return question();
        }
        catch (Hardware.Hypervisor.HypervisorException failure)
        {
            throw new BackendException(BackendFailure.Failed, $"{address}: Xen did not answer: {failure.Message}", failure);
        }
    }

    private int? OwnerOf(PciAddress address)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(address)?.Shown?.OwnerDomain;
        }
    }

    /// <summary>One device. Everything but what is shown is changed under its gate only.</summary>
    private sealed class Entry
    {
        public Lock Gate { get; } = new();

        /// <summary>Who has it on its way to a guest or back; needs no gate.</summary>
        public Keepers Keepers { get; } = new();

        /// <summary>What is held; null when it isn't. Written under the list's lock too.</summary>
        public HeldRecord? Record { get; set; }

        /// <summary>What callers see. Read and written under the list's lock.</summary>
        public HeldDevice? Shown { get; set; }

        public int? Owner { get; set; }

        public HeldFunction? Function { get; set; }

        public string? Unusable { get; set; }

        /// <summary>Its settings in a guest's hands when the host went to sleep.</summary>
        public ConfigSnapshot? BeforeSleep { get; set; }

        /// <summary>
        /// Whether no guest could reach it when it was reset, and none claimed it since; false after a restart, when nobody knows. One that never claims, because QEMU
        /// serves it, leaves it true: enough for what a guest need not be cleaned of, not for the host.
        /// </summary>
        public bool IsClean { get; set; }

        /// <summary>Whether it was reset since a guest last claimed it: it writes to nobody's memory, though its guest may still reach it. False after a restart.</summary>
        public bool IsQuiet { get; set; }
    }
}
