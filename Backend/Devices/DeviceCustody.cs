using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices;

/// <summary>
/// The host's devices that guests can have, over sysfs and Xen. A held device has no driver and can get none; its identity, its original
/// driver and its settings are on disk, so that a restarted program goes on holding it and a restarted host finds it again. Locks: each
/// device has a gate that is held while something is done to it, seconds if need be; the list of devices has a lock of its own, never held
/// while a device is touched, so that looking never waits for a reset.
/// </summary>
public sealed class DeviceCustody : IDeviceCustody, IDisposable
{
    private readonly HeldEntries _entries = new();
    private readonly SysfsBus _bus;
    private readonly string _proc;
    private readonly IDomainControl? _domains;
    private readonly DeviceObstacles _obstacles;
    private readonly DeviceCleaning _cleaning;
    private readonly DeviceHolding _holding;
    private readonly CustodyRecovery _recovery;
    private readonly HeldFunctions _functions;
    private readonly HeldSettings _settings;
    private int _changes;

    private DeviceCustody(DeviceCustodyOptions options)
    {
        string bootId = ReadBootId(options.Proc);
        DeviceRecords records = new(new StateFile(options.StateDirectory));
        DeviceTaking taking = new(options, records);
        Quarantine quarantine = new(options.Domains, options.Physdev);
        (_bus, _proc, _domains) = (options.Bus, options.Proc, options.Domains);
        Refusals = options.Refusals;
        _obstacles = new(options, _entries);
        _cleaning = new(options, _obstacles, taking, quarantine);
        _holding = new(options, _entries, records, taking, quarantine, bootId);
        _recovery = new(options, _entries, records, taking, _obstacles, _holding, bootId);
        _functions = new(options, _entries, _obstacles, _cleaning);
        _settings = new(options, _entries, _obstacles, quarantine);
    }

    /// <summary>Whether a device is being taken or given back.</summary>
    public bool IsChanging => Volatile.Read(ref _changes) > 0;

    /// <inheritdoc/>
    public event Action<PciAddress>? Released
    {
        add => _functions.Released += value;
        remove => _functions.Released -= value;
    }

    /// <inheritdoc/>
    public IFunctionSource Functions => _functions;

    /// <inheritdoc/>
    public IDeviceSettings Settings => _settings;

    /// <inheritdoc/>
    public RefusalPolicy Refusals { get; }

    /// <inheritdoc/>
    public IFormerGuests? FormerGuests
    {
        get => _holding.FormerGuests;
        set => _holding.FormerGuests = value;
    }

    /// <inheritdoc/>
    public ILineGuests? LineGuests
    {
        get => _holding.LineGuests;
        set => _holding.LineGuests = value;
    }

    /// <summary>
    /// Opens the custody: what this boot's records say and sysfs confirms is held again, as it is, because a guest may be using it. None of it is looked at
    /// more closely before <see cref="Examine"/> or its next guest. What an earlier boot held, or what was hidden when the host booted, is taken by <see
    /// cref="Adopt"/>.
    /// </summary>
    /// <param name="options">What to work with.</param>
    /// <returns>The custody. Devices stay held when it is disposed.</returns>
    /// <exception cref="BackendException">The state file can't be read.</exception>
    public static DeviceCustody Open(DeviceCustodyOptions options)
    {
        DeviceCustody custody = new(options);
        custody._recovery.Recover();
        return custody;
    }

    /// <summary>
    /// Looks at what is held since <see cref="Open"/>: a lost override is set again, and what stands between a device and its next guest is said. Some ten
    /// accesses of each device and two dozen of its files.
    /// </summary>
    public void Examine() => _recovery.Examine();

    /// <summary>
    /// Takes what is meant to be held but is not yet: devices that were hidden when the host booted, and those that an earlier boot held. Refusals hold as for
    /// everybody; nobody insists. May take seconds for each device (resets).
    /// </summary>
    /// <returns>What could not be taken, one line for each device; its record stays for the next time.</returns>
    public IReadOnlyList<string> Adopt() => _recovery.Adopt();

    /// <inheritdoc/>
    public IReadOnlyList<HeldDevice> Held() => _entries.Shown();

    /// <inheritdoc/>
    public Assignability Assess(PciAddress address)
    {
        if (_entries.Find(address) is not { Record: { } record } entry)
        {
            return Snapshot().Assess(address, Refusals);
        }

        DeviceRefusal? foreseen = _obstacles.Foresee(record) ?? (entry.Unusable is { } why
            ? new(DeviceObstacles.Unusable, RefusalWeight.Impossible, why) { Evidence = "what became of it when it was made ready last" } : null);
        return new(foreseen is null ? [] : [foreseen]);
    }

    /// <inheritdoc/>
    public DeviceReport Describe(PciAddress address)
    {
        if (Held().FirstOrDefault(held => held.Address == address) is { } held)
        {
            return DeviceReports.Of(held, _bus);
        }

        HostSnapshot host = Snapshot();
        return host.Find(address) is { } function
            ? DeviceReports.Of(function, host, Present(), Refusals)
            : new DeviceReport { Address = address.ToString() }.Weighed(host.Assess(address, Refusals));
    }

    /// <inheritdoc/>
    public IReadOnlyList<DeviceCandidate> Present()
    {
        var names = Held().ToDictionary(static device => device.Address, static device => device.Name);
        return HostCandidates.Read(_bus, address => names.GetValueOrDefault(address));
    }

    /// <inheritdoc/>
    public IReadOnlyList<BaseAddress> BaseAddressesOf(PciAddress address) => _bus.BaseAddressesOf(address);

    /// <inheritdoc/>
    public int LineOf(PciAddress address) => _entries.Find(address)?.Record?.Line ?? 0;

    /// <inheritdoc/>
    public IReadOnlyList<string> HostUsersOfLine(PciAddress address) => _entries.Find(address)?.Record is { IsLineAccepted: false, Line: not 0 } record
        && _bus.TryDescribe(address, out HostFunction? function)
            ? [.. LineUsers.Read(_proc).Others(record.Line, function, _bus.List(), _bus)] : [];

    /// <inheritdoc/>
    public HeldDevice Take(PciAddress address, string? name, bool force)
    {
        Interlocked.Increment(ref _changes);
        try
        {
            DeviceName.Check(name, address, Held().Select(static device => (device.Address, device.Name)));
            return _holding.Hold(address, name, force);
        }
        finally
        {
            Interlocked.Decrement(ref _changes);
        }
    }

    /// <inheritdoc/>
    public void GiveBack(PciAddress address, bool rebind, bool force)
    {
        Interlocked.Increment(ref _changes);
        try
        {
            _holding.GiveBack(address, rebind, force);
        }
        finally
        {
            Interlocked.Decrement(ref _changes);
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryPin(PciAddress address) => _entries.Get(address).Pins.TryPin();

    /// <inheritdoc/>
    public void MakeReady(PciAddress address)
    {
        HeldEntry entry = _entries.Find(address) ?? throw DeviceHolding.NotHeld(address);
        lock (entry.Gate)
        {
            HeldRecord record = entry.Record ?? throw DeviceHolding.NotHeld(address);
            if (entry.Owner is { } owner)
            {
                throw new BackendException(BackendFailure.Failed, $"{address} is in use by domain {owner}");
            }

            // Of a device that it does not know Xen says the same as of a guest's.
            if (_obstacles.AbsenceOf(record) is null && _holding.IsGuests(address))
            {
                throw new BackendException(BackendFailure.Failed, $"{address} belongs to another guest, says Xen");
            }

            string? why = _obstacles.ObstacleOf(record) ?? _cleaning.Revive(record) ?? _cleaning.CleanAndQuarantine(entry, record);
            entry.Unusable = why;
            _entries.Show(entry, record);
            if (why is not null)
            {
                throw new BackendException(BackendFailure.Failed, $"{address} cannot be made ready: {why}");
            }
        }
    }

    /// <inheritdoc/>
    public void Reset(PciAddress address)
    {
        HeldEntry entry = _entries.Find(address) ?? throw DeviceHolding.NotHeld(address);
        lock (entry.Gate)
        {
            HeldRecord record = entry.Record ?? throw DeviceHolding.NotHeld(address);
            if (entry.Owner is not null)
            {
                return;
            }

            // Whenever it was reset last: a guest that never claimed it here has it since.
            if (_holding.IsGuests(address))
            {
                _cleaning.Silence(entry, record);
            }
            else
            {
                MakeReady(address);
            }
        }
    }

    /// <inheritdoc/>
    public void Stop(PciAddress address)
    {
        if (_entries.Find(address) is not { } entry)
        {
            return;
        }

        lock (entry.Gate)
        {
            // That it was stopped once says nothing of one that a guest has had since: through its memory a guest can reach registers that nobody here sees.
            if (entry.Record is not { } record || entry.Owner is not null
                || (entry.IsQuiet && !(_cleaning.IsExposed(address) && _cleaning.IsMaster(record))))
            {
                return;
            }

            _cleaning.Silence(entry, record);
        }
    }

    /// <summary>Closes what guests still have open. Devices stay held: on disk, and in sysfs.</summary>
    public void Dispose() => LeaveToNext();

    /// <inheritdoc/>
    public void LeaveToNext()
    {
        foreach (HeldEntry entry in _entries.All())
        {
            lock (entry.Gate)
            {
                entry.Function?.Dispose();
                entry.Function = null;
                entry.Owner = null;
            }
        }
    }

    private HostSnapshot Snapshot() => HostSnapshot.Take(_bus, _proc, _domains);

    private static string ReadBootId(string proc)
    {
        try
        {
            return BootId.Read(proc);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without it no record is of this boot: each is checked and taken anew.
            return string.Empty;
        }
    }
}
