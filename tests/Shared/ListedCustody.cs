using PciBackFlow.Backend;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Tests.Shared;

/// <summary>A custody that only keeps a list: what is asked of it, and what it holds.</summary>
internal sealed class ListedCustody : IDeviceCustody
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<PciAddress, HeldDevice> _held = [];
    private readonly List<string> _asked = [];

    public ListedCustody(params string[] held)
    {
        foreach (PciAddress address in held.Select(text => PciAddress.Parse(text)))
        {
            _held.Add(address, new(address, "named", null, 0x8086, 0x10D3, null));
        }
    }

    /// <summary>Nobody can claim what is only listed.</summary>
    public event Action<PciAddress>? Released
    {
        add
        {
        }

        remove
        {
        }
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

    public IReadOnlyList<HeldDevice> Held()
    {
        lock (_lock)
        {
            return [.. _held.Values];
        }
    }

    public HeldDevice? Find(string addressOrName) => Held().FirstOrDefault(device => device.Address.ToString() == addressOrName);

    public HeldDevice Take(PciAddress address, string? name, bool force)
    {
        Note($"take {address}{(force ? " by force" : "")}");
        lock (_lock)
        {
            return _held[address] = new(address, name, null, 0x8086, 0x10D3, null);
        }
    }

    public void GiveBack(PciAddress address, bool rebind)
    {
        Note($"give back {address}{(rebind ? " and rebind" : "")}");
        lock (_lock)
        {
            _held.Remove(address);
        }
    }

    public void MakeReady(PciAddress address) => Note($"make ready {address}");

    public void Reset(PciAddress address) => Note($"reset {address}");

    public void Quiet(PciAddress address)
    {
    }

    public IDisposable? TryKeep(PciAddress address) => new Lease();

    public void GiveTo(int domainId, string address)
    {
        lock (_lock)
        {
            _held[PciAddress.Parse(address)] = _held[PciAddress.Parse(address)] with { OwnerDomain = domainId };
        }
    }

    public void KeepSettings() => Note("keep settings");

    public IReadOnlyList<string> BringBack()
    {
        Note("bring back");
        return [];
    }

    public int LineOf(PciAddress address) => 0;

    public IReadOnlyList<BaseAddress> BaseAddressesOf(PciAddress address) => [];

    public FunctionClaim Claim(int domainId, PciAddress address) => FunctionClaim.Refused("only a list");

    public void Release(int domainId, PciAddress address)
    {
    }

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

    private sealed class Lease : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
