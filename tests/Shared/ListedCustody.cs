using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Tests.Shared;

/// <summary>
/// The custody of a machine in memory that writes down what is asked of it, and refuses when told to. The machine has
/// one device more than is held: 00:05.0.
/// </summary>
internal sealed class ListedCustody : IDeviceCustody, IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<string> _asked = [];
    private readonly EmulatedCustody _machine;

    public ListedCustody(params string[] held)
    {
        PciAddress[] addresses = [.. held.Select(text => PciAddress.Parse(text))];
        var spare = PciAddress.Parse("00:05.0");
        _machine = new(addresses.Append(spare).Distinct().Select(
            address => (Func<IPciFunction>)(() => new EmulatedFunctionBuilder(0x8086, 0x10D3).Build(address))));
        if (!addresses.Contains(spare))
        {
            _machine.GiveBack(spare, rebind: false, force: false);
        }

        if (addresses.Length > 0)
        {
            _machine.Take(addresses[0], "named", force: false);
        }
    }

    public event Action<PciAddress>? Released
    {
        add => _machine.Released += value;
        remove => _machine.Released -= value;
    }

    /// <summary>Refuses every operation with this, when set.</summary>
    public BackendException? Refusal { get; set; }

    public string[] Asked
    {
        get
        {
            lock (_lock)
            {
                return [.. _asked];
            }
        }
    }

    public IFunctionSource Functions => _machine.Functions;

    public IDeviceSettings? Settings => _machine.Settings;

    public RefusalPolicy Refusals => _machine.Refusals;

    public IFormerGuests? FormerGuests
    {
        get => _machine.FormerGuests;
        set => _machine.FormerGuests = value;
    }

    public ILineGuests? LineGuests
    {
        get => _machine.LineGuests;
        set => _machine.LineGuests = value;
    }

    public IReadOnlyList<HeldDevice> Held() => _machine.Held();

    public IReadOnlyList<DeviceCandidate> Present() => _machine.Present();

    public Assignability Assess(PciAddress address) => _machine.Assess(address);

    public DeviceReport Describe(PciAddress address) => _machine.Describe(address);

    public HeldDevice Take(PciAddress address, string? name, bool force)
    {
        Note($"take {address}{(force ? " by force" : "")}");
        return _machine.Take(address, name, force);
    }

    public void GiveBack(PciAddress address, bool rebind, bool force)
    {
        Note($"give back {address}{(rebind ? " and rebind" : "")}{(force ? " by force" : "")}");
        _machine.GiveBack(address, rebind, force);
    }

    public void MakeReady(PciAddress address)
    {
        Note($"make ready {address}");
        _machine.MakeReady(address);
    }

    public void Reset(PciAddress address)
    {
        Note($"reset {address}");
        _machine.Reset(address);
    }

    public void Stop(PciAddress address) => _machine.Stop(address);

    public IDisposable? TryPin(PciAddress address) => _machine.TryPin(address);

    public int LineOf(PciAddress address) => _machine.LineOf(address);

    public IReadOnlyList<string> HostUsersOfLine(PciAddress address) => _machine.HostUsersOfLine(address);

    public IReadOnlyList<BaseAddress> BaseAddressesOf(PciAddress address) => _machine.BaseAddressesOf(address);

    public void LeaveToNext() => _machine.LeaveToNext();

    public void Dispose() => _machine.Dispose();

    private void Note(string what)
    {
        if (Refusal is { } refusal)
        {
            throw refusal;
        }

        lock (_lock)
        {
            _asked.Add(what);
        }
    }
}
