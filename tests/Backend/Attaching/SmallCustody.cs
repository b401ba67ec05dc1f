using System.Collections.Concurrent;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>Held devices in memory: what the toolstack's half sees of custody, and a note of what it did in which order.</summary>
internal sealed class SmallCustody : IDeviceCustody, IFunctionSource, IDeviceSettings, IDisposable
{
    private readonly ExclusiveFunctions _functions;
    private readonly ConcurrentDictionary<PciAddress, HeldDevice> _held = new();
    private readonly ConcurrentDictionary<PciAddress, IReadOnlyList<BaseAddress>> _resources = new();

    private readonly ConcurrentDictionary<PciAddress, bool> _isQuiet = new();
    private readonly ConcurrentDictionary<PciAddress, CustodyPins> _pins = new();

    public SmallCustody(IReadOnlyList<EmulatedFunction> functions, Action<string> note, Func<EmulatedFunction, IPciFunction>? around = null)
    {
        _functions = new(functions.Select(function => around?.Invoke(function) ?? function));
        Note = note;
        foreach (EmulatedFunction function in functions)
        {
            _held[function.Address] = new(function.Address, null, null, function.VendorId, function.DeviceId, null);
            _resources[function.Address] = function.BaseAddresses;
        }
    }

    public event Action<PciAddress>? Released;

    public IFunctionSource Functions => this;

    public IDeviceSettings Settings => this;

    public RefusalPolicy Refusals { get; set; } = RefusalPolicy.Default;

    public IFormerGuests? FormerGuests { get; set; }

    public ILineGuests? LineGuests { get; set; }

    public Action<string> Note { get; }

    public ConcurrentDictionary<PciAddress, int> Lines { get; } = new();

    public ConcurrentDictionary<PciAddress, string> Unready { get; } = new();

    /// <summary>What a guest's release waits for; null: nothing.</summary>
    public ManualResetEventSlim? Reset { get; set; }

    public void Hold(PciAddress address, string? name) => _held[address] = _held[address] with { Name = name };

    public void Forget(PciAddress address) => _held.TryRemove(address, out _);

    public IReadOnlyList<BaseAddress> BaseAddressesOf(PciAddress address) =>
        _resources.TryGetValue(address, out IReadOnlyList<BaseAddress>? resources) ? resources : throw new IOException($"no {address}");

    public void Resize(PciAddress address, params BaseAddress[] resources) => _resources[address] = resources;

    public IReadOnlyList<HeldDevice> Held() => [.. _held.Values.OrderBy(device => device.Address)];

    public IReadOnlyList<DeviceCandidate> Present() =>
        [.. _resources.Keys.Order().Select(address => FunctionCandidates.Of(_functions.Find(address)!) with { Name = _held.GetValueOrDefault(address)?.Name })];

    public Assignability Assess(PciAddress address) => new(
        Unready.TryGetValue(address, out string? reason) ? [new("unusable", RefusalWeight.Impossible, reason)] : []);

    public DeviceReport Describe(PciAddress address) => _held.TryGetValue(address, out HeldDevice? held)
        ? DeviceReports.Of(held) : new DeviceReport { Address = address.ToString() };

    public HeldDevice Take(PciAddress address, string? name, bool force)
    {
        DeviceName.Check(name, address, Held().Select(static device => (device.Address, device.Name)));
        return _held.AddOrUpdate(address, new HeldDevice(address, name, null, 0x8086, 0x100E, null), (_, held) => held with { Name = name });
    }

    public void GiveBack(PciAddress address, bool rebind, bool force)
    {
        if (!_held.TryGetValue(address, out HeldDevice? device))
        {
            return;
        }

        if (device.OwnerDomain is not null || !PinsOf(address).TryClose())
        {
            throw new BackendException(BackendFailure.Refused, $"{address} is kept");
        }

        try
        {
            FormerGuestRule.Weigh(Refusals, address, FormerGuests?.LivingOf(address) ?? [], force);
            SharedLineRule.Weigh(Refusals, address, LineGuests?.OthersOn(address, next: null) ?? [], force);
            Forget(address);
        }
        finally
        {
            PinsOf(address).Open();
        }
    }

    public IDisposable? TryPin(PciAddress address) => PinsOf(address).TryPin();

    /// <summary>A giving back that does not end.</summary>
    public void BeginGiveBack(PciAddress address) => Assert.True(PinsOf(address).TryClose());

    /// <summary>Whether it could not be given back now.</summary>
    public bool IsKept(PciAddress address)
    {
        bool isFree = PinsOf(address).TryClose();
        if (isFree)
        {
            PinsOf(address).Open();
        }

        return !isFree;
    }

    public void MakeReady(PciAddress address)
    {
        string? reason = _held.TryGetValue(address, out HeldDevice? device) ? device.OwnerDomain is { } owner ? $"is domain {owner}'s" : null : "is not held";
        if (reason is not null || Unready.TryGetValue(address, out reason))
        {
            throw new BackendException(BackendFailure.Failed, $"{address} {reason}");
        }

        if (_functions.Find(address) is { } function && function.TryRead(ConfigRegisters.Command, 2, out uint command))
        {
            function.TryWrite(ConfigRegisters.Command, 2, command & ~CommandBits.BusMaster);
        }

        _isQuiet[address] = true;
        Note($"ready {address}");
    }

    void IDeviceCustody.Reset(PciAddress address)
    {
        if (!_held.TryGetValue(address, out HeldDevice? device) || device.OwnerDomain is null)
        {
            MakeReady(address);
        }
    }

    public void Stop(PciAddress address)
    {
        if (!_held.TryGetValue(address, out HeldDevice? device) || device.OwnerDomain is not null || !_isQuiet.TryAdd(address, true))
        {
            return;
        }

        Note($"quiet {address}");
        if (Unready.TryGetValue(address, out string? reason))
        {
            throw new BackendException(BackendFailure.Failed, $"{address} {reason}");
        }
    }

    /// <summary>The program is another one: it has no claims, and does not know what the devices do.</summary>
    public void Restart()
    {
        _isQuiet.Clear();
        (FormerGuests, LineGuests) = (null, null);
        LeaveToNext();
    }

    public void LeaveToNext()
    {
        foreach (HeldDevice device in Held())
        {
            if (device.OwnerDomain is { } owner)
            {
                _functions.Release(owner, device.Address);
            }

            _held[device.Address] = device with { OwnerDomain = null };
        }
    }

    public void Suspend() => Note("keep settings");

    public IReadOnlyList<string> Resume()
    {
        Note("bring back");
        return [];
    }

    public int LineOf(PciAddress address) => Lines.GetValueOrDefault(address);

    /// <summary>Who of the host listens on a device's line.</summary>
    public ConcurrentDictionary<PciAddress, string> HostUsers { get; } = new();

    public IReadOnlyList<string> HostUsersOfLine(PciAddress address) => HostUsers.TryGetValue(address, out string? user) ? [user] : [];

    public FunctionClaim Claim(int domainId, PciAddress address)
    {
        if (!_held.ContainsKey(address))
        {
            return FunctionClaim.Refused(DeviceFailureKind.NotHeld, $"{address} is not held");
        }

        FunctionClaim claim = _functions.Claim(domainId, address);
        if (claim.IsGranted && _held.TryGetValue(address, out HeldDevice? device))
        {
            _held[address] = device with { OwnerDomain = domainId };
            _isQuiet.TryRemove(address, out _);
        }

        return claim;
    }

    public void Release(int domainId, PciAddress address)
    {
        Reset?.Wait();
        if (_held.TryGetValue(address, out HeldDevice? device) && device.OwnerDomain == domainId)
        {
            Note($"release {address}");
            _isQuiet[address] = true;
            _held[address] = device with { OwnerDomain = null };
        }

        if (_functions.TryRelease(domainId, address))
        {
            Released?.Invoke(address);
        }
    }

    public void Dispose() => _functions.Dispose();

    private CustodyPins PinsOf(PciAddress address) => _pins.GetOrAdd(address, static _ => new());
}
