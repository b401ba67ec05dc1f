using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices;

/// <summary>
/// The custody of a machine in memory: functions that are emulated can be taken, given to guests and given back as a host's are, so that everything
/// works on a computer without Xen and without a device to spare. Nothing of this host is touched. Thread-safe.
/// </summary>
public sealed class EmulatedCustody : IDeviceCustody, IDisposable
{
    // Over the functions' own lock: whether a device is held, and whether a guest has it, are asked together.
    private readonly Lock _lock = new();
    private readonly SortedDictionary<PciAddress, Entry> _entries = [];
    private readonly ExclusiveFunctions _functions;

    private static Assignability Absent =>
        new([new(HostSnapshot.Absent, RefusalWeight.Impossible, "the machine in memory has no such function") { Evidence = "its list of functions" }]);

    /// <summary>Creates the machine; its devices are held already, its bridges belong to the host.</summary>
    /// <param name="functions">Makes each of its functions, as new; writable, each address once. Called again whenever one is made ready for a guest.</param>
    /// <exception cref="ArgumentException">Two functions have one address.</exception>
    public EmulatedCustody(IEnumerable<Func<IPciFunction>> functions)
    {
        List<IPciFunction> made = [];
        foreach (Func<IPciFunction> create in functions)
        {
            IPciFunction function = create();
            made.Add(function);
            _entries.Add(function.Address, new(create, isBridge: ConfigHeader.KindOf(function) != HeaderKind.Device, FunctionCandidates.Of(function)));
        }

        _functions = new(made);
        Functions = new HeldOnly(this);
    }

    /// <inheritdoc/>
    public event Action<PciAddress>? Released;

    /// <inheritdoc/>
    public IFunctionSource Functions { get; }

    /// <inheritdoc/>
    /// <remarks>A machine in memory forgets nothing while the host sleeps.</remarks>
    public IDeviceSettings? Settings => null;

    /// <inheritdoc/>
    public RefusalPolicy Refusals => RefusalPolicy.Default;

    /// <inheritdoc/>
    public IFormerGuests? FormerGuests { get; set; }

    /// <inheritdoc/>
    public ILineGuests? LineGuests { get; set; }

    /// <inheritdoc/>
    public IReadOnlyList<HeldDevice> Held()
    {
        lock (_lock)
        {
            return [.. _entries.Where(static pair => pair.Value.IsHeld).Select(pair => Describe(pair.Key, pair.Value))];
        }
    }

    /// <inheritdoc/>
    public Assignability Assess(PciAddress address)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(address, out Entry? entry) ? Assess(address, entry) : Absent;
        }
    }

    /// <inheritdoc/>
    public DeviceReport Describe(PciAddress address)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry))
            {
                return new DeviceReport { Address = address.ToString() }.Weighed(Absent);
            }

            return entry.IsHeld
                ? DeviceReports.Of(Describe(address, entry))
                : DeviceReports.Of(_functions.Find(address)!, string.Empty).Weighed(Assess(address, entry));
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<DeviceCandidate> Present()
    {
        lock (_lock)
        {
            return [.. _entries.Select(pair => pair.Value.Candidate with { Name = pair.Value.Name })];
        }
    }

    /// <inheritdoc/>
    public HeldDevice Take(PciAddress address, string? name, bool force)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry))
            {
                throw new BackendException(BackendFailure.Failed, $"no device {address} in this emulated machine; it has {string.Join(", ", _entries.Keys)}");
            }

            if (!entry.IsHeld)
            {
                Assess(address, entry).ThrowIfStopped(address, force);
            }

            DeviceName.Check(name, address, Held().Select(static device => (device.Address, device.Name)));
            (entry.IsHeld, entry.Name) = (true, name);
            return Describe(address, entry);
        }
    }

    /// <inheritdoc/>
    public void GiveBack(PciAddress address, bool rebind, bool force)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry) || !entry.IsHeld)
            {
                return;
            }

            if (_functions.OwnerOf(address) is { } owner)
            {
                throw new BackendException(BackendFailure.Refused, $"{address} belongs to domain {owner}: detach it first (pci-detach {owner} {address})");
            }

            if (!entry.Pins.TryClose())
            {
                throw new BackendException(
                    BackendFailure.Refused, $"{address} is just being given to a guest or taken from one; try again when that has ended");
            }

            try
            {
                FormerGuestRule.Weigh(Refusals, address, FormerGuests?.LivingOf(address) ?? [], force);
                SharedLineRule.Weigh(Refusals, address, LineGuests?.OthersOn(address, next: null) ?? [], force);
                (entry.IsHeld, entry.Name) = (false, null);
            }
            finally
            {
                entry.Pins.Open();
            }
        }
    }

    /// <inheritdoc/>
    public void LeaveToNext() => _functions.ReleaseAll();

    /// <inheritdoc/>
    public IDisposable? TryPin(PciAddress address)
    {
        lock (_lock)
        {
            return (_entries.TryGetValue(address, out Entry? entry) ? entry.Pins : new()).TryPin();
        }
    }

    /// <inheritdoc/>
    public void MakeReady(PciAddress address)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry) || !entry.IsHeld)
            {
                throw new BackendException(BackendFailure.Failed, $"{address} is not held; make it assignable first (pci-assignable-add {address})");
            }

            if (_functions.OwnerOf(address) is { } owner)
            {
                throw new BackendException(BackendFailure.Failed, $"{address} belongs to domain {owner}");
            }

            // A reset keeps what the host's kernel would write back; a new function has nothing of its last guest.
            _functions.Replace(entry.Create());
        }
    }

    /// <inheritdoc/>
    public void Reset(PciAddress address)
    {
        lock (_lock)
        {
            if (_functions.OwnerOf(address) is null)
            {
                MakeReady(address);
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>A machine in memory ends with its program: no earlier one left anything running.</remarks>
    public void Stop(PciAddress address)
    {
    }

    /// <inheritdoc/>
    public int LineOf(PciAddress address) => _functions.Find(address)?.InterruptLine is var line and > 0 and < 0xFF ? line.Value : 0;

    /// <inheritdoc/>
    /// <remarks>A machine in memory has no drivers of a host.</remarks>
    public IReadOnlyList<string> HostUsersOfLine(PciAddress address) => [];

    /// <inheritdoc/>
    public IReadOnlyList<BaseAddress> BaseAddressesOf(PciAddress address) =>
        _functions.Find(address)?.BaseAddresses ?? throw new IOException($"no device {address} in this emulated machine");

    /// <summary>Ends the machine.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _functions.Dispose();
            _entries.Clear();
        }
    }

    // What is held is nobody's of a host: nothing but what it is itself speaks against it. The chipset's device is nobody's either.
    private Assignability Assess(PciAddress address, Entry entry) => entry.IsHeld
        ? new([])
        : new([.. HostSnapshot.AssessHeader(address, ConfigHeader.KindOf(_functions.Find(address)!), classCode: 0).Refusals]);

    private HeldDevice Describe(PciAddress address, Entry entry)
    {
        IPciFunction function = _functions.Find(address)!;
        return new(address, entry.Name, null, function.VendorId, function.DeviceId, _functions.OwnerOf(address)) { Identity = entry.Identity };
    }

    /// <summary>The machine's functions as far as they are held.</summary>
    private sealed class HeldOnly(EmulatedCustody custody) : IFunctionSource
    {
        public FunctionClaim Claim(int domainId, PciAddress address)
        {
            lock (custody._lock)
            {
                return custody._entries.TryGetValue(address, out Entry? entry) && entry.IsHeld
                    ? custody._functions.Claim(domainId, address)
                    : FunctionClaim.Refused(DeviceFailureKind.NotHeld, $"function {address} is not assignable");
            }
        }

        public void Release(int domainId, PciAddress address)
        {
            if (custody._functions.TryRelease(domainId, address))
            {
                custody.Released?.Invoke(address);
            }
        }
    }

    private sealed class Entry(Func<IPciFunction> create, bool isBridge, DeviceCandidate candidate)
    {
        public Func<IPciFunction> Create { get; } = create;

        public bool IsBridge { get; } = isBridge;

        public DeviceCandidate Candidate { get; } = candidate;

        public DeviceIdentity Identity { get; } = new(
            candidate.VendorId, candidate.DeviceId, candidate.SubsystemVendorId, candidate.SubsystemId, candidate.ClassCode, candidate.Path,
            candidate.ReadSerial());

        public CustodyPins Pins { get; } = new();

        public bool IsHeld { get; set; } = !isBridge;

        public string? Name { get; set; }
    }
}
