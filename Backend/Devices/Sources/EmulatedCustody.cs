using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Devices.Sources;

/// <summary>
/// The custody of a machine in memory: functions that are emulated can be taken, given to guests and given back as a host's are, so that everything
/// works on a computer without Xen and without a device to spare. Nothing of this host is touched. Thread-safe.
/// </summary>
public sealed class EmulatedCustody : IDeviceCustody, IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<PciAddress, Entry> _entries = [];

    /// <summary>Creates the machine; its devices are held already, its bridges belong to the host.</summary>
    /// <param name="functions">Makes each of its functions, as new; writable, each address once. Called again whenever one is made ready for a guest.</param>
    /// <exception cref="ArgumentException">Two functions have one address.</exception>
    public EmulatedCustody(IEnumerable<Func<IPciFunction>> functions)
    {
        foreach (Func<IPciFunction> create in functions)
        {
            Entry entry = new(create);
            _entries.Add(entry.Function.Address, entry);
        }
    }

    /// <inheritdoc/>
    public event Action<PciAddress>? Released;

    /// <inheritdoc/>
    public IReadOnlyList<HeldDevice> Held()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Where(static entry => entry.IsHeld).Select(static entry => entry.Describe())];
        }
    }

    /// <inheritdoc/>
    public HeldDevice? Find(string addressOrName)
    {
        lock (_lock)
        {
            return PciAddress.TryParse(addressOrName, out PciAddress address)
                ? _entries.TryGetValue(address, out Entry? entry) && entry.IsHeld ? entry.Describe() : null
                : _entries.Values.FirstOrDefault(entry => entry.IsHeld && entry.Name == addressOrName)?.Describe();
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

            if (entry.Header != HeaderKind.Device)
            {
                throw new BackendException(BackendFailure.Refused, $"{address} is a bridge: guests cannot be given bridges");
            }

            DeviceName.Check(name, address, Held());
            entry.IsHeld = true;
            entry.Name = name;
            return entry.Describe();
        }
    }

    /// <inheritdoc/>
    public void GiveBack(PciAddress address, bool rebind)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry) || !entry.IsHeld)
            {
                return;
            }

            if (entry.Owner is { } owner)
            {
                throw new BackendException(BackendFailure.Refused, $"{address} belongs to domain {owner}: detach it first (pci-detach {owner} {address})");
            }

            if (!entry.Keepers.TryClose())
            {
                throw new BackendException(BackendFailure.Refused, $"{address} is just being given to a guest or taken from one; try again when that has ended");
            }

            entry.IsHeld = false;
            entry.Name = null;
            entry.Keepers.Open();
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryKeep(PciAddress address)
    {
        lock (_lock)
        {
            return (_entries.TryGetValue(address, out Entry? entry) ? entry.Keepers : new()).TryKeep();
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

            if (entry.Owner is { } owner)
            {
                throw new BackendException(BackendFailure.Failed, $"{address} belongs to domain {owner}");
            }

            entry.Renew();
        }
    }

    /// <inheritdoc/>
    public void Reset(PciAddress address)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry) || entry.Owner is null)
            {
                MakeReady(address);
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>A machine in memory ends with its program: no earlier one left anything running.</remarks>
    public void Quiet(PciAddress address)
    {
    }

    /// <inheritdoc/>
    /// <remarks>A machine in memory forgets nothing while the host sleeps.</remarks>
    public void KeepSettings()
    {
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> BringBack() => [];

    /// <inheritdoc/>
    public int LineOf(PciAddress address)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(address, out Entry? entry) && entry.Function.InterruptLine is var line and > 0 and < 0xFF ? line : 0;
        }
    }

    /// <inheritdoc/>
    public FunctionClaim Claim(int domainId, PciAddress address)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry) || !entry.IsHeld)
            {
                return FunctionClaim.Refused($"function {address} is not assignable");
            }

            if (entry.Owner is { } owner && owner != domainId)
            {
                return FunctionClaim.Refused($"function {address} is in use by domain {owner}");
            }

            entry.Owner = domainId;
            return FunctionClaim.Granted(entry.Function);
        }
    }

    /// <inheritdoc/>
    public void Release(int domainId, PciAddress address)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry) || entry.Owner != domainId)
            {
                return;
            }

            entry.Owner = null;
        }

        Released?.Invoke(address);
    }

    /// <inheritdoc/>
    public IReadOnlyList<BaseAddress> BaseAddressesOf(PciAddress address)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(address, out Entry? entry)
                ? entry.Function.BaseAddresses
                : throw new IOException($"no device {address} in this emulated machine");
        }
    }

    /// <summary>Ends the machine.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Entry entry in _entries.Values)
            {
                entry.Function.Dispose();
            }

            _entries.Clear();
        }
    }

    private sealed class Entry
    {
        private readonly Func<IPciFunction> _create;

        public Entry(Func<IPciFunction> create)
        {
            _create = create;
            Function = create();
            Header = ConfigHeader.KindOf(Function);
            IsHeld = Header == HeaderKind.Device;
        }

        public IPciFunction Function { get; private set; }

        public HeaderKind Header { get; }

        public Keepers Keepers { get; } = new();

        public bool IsHeld { get; set; }

        public string? Name { get; set; }

        public int? Owner { get; set; }

        /// <summary>A reset keeps what the host's kernel would write back; a new function has nothing of its last guest.</summary>
        public void Renew()
        {
            Function.Dispose();
            Function = _create();
        }

        public HeldDevice Describe() => new(Function.Address, Name, null, Function.VendorId, Function.DeviceId, Owner);
    }
}
