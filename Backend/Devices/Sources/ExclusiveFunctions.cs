using PciBackFlow.Backend.Failures;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Sources;

/// <summary>A set of functions, each of which one guest at a time may have. Owns the functions. Thread-safe.</summary>
public sealed class ExclusiveFunctions : IFunctionSource, IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<PciAddress, Entry> _entries = [];

    /// <summary>Creates the source.</summary>
    /// <param name="functions">The functions, each address once: of a sysfs host, of a capture, or made in memory.</param>
    /// <exception cref="ArgumentException">Two functions have one address.</exception>
    public ExclusiveFunctions(IEnumerable<IPciFunction> functions)
    {
        foreach (IPciFunction function in functions)
        {
            _entries.Add(function.Address, new(function));
        }
    }

    /// <inheritdoc/>
    public FunctionClaim Claim(int domainId, PciAddress address)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry))
            {
                return FunctionClaim.Refused(DeviceFailureKind.NotHeld, $"no function {address} to give");
            }

            if (entry.Owner is { } owner && owner != domainId)
            {
                return FunctionClaim.Refused(DeviceFailureKind.InUse, $"function {address} is in use by domain {owner}");
            }

            entry.Owner = domainId;
            return FunctionClaim.Granted(entry.Function);
        }
    }

    /// <inheritdoc/>
    public void Release(int domainId, PciAddress address) => TryRelease(domainId, address);

    /// <summary>Closes the functions.</summary>
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

    /// <summary>Releases a claim.</summary>
    /// <returns>Whether the guest had it.</returns>
    internal bool TryRelease(int domainId, PciAddress address)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(address, out Entry? entry) || entry.Owner != domainId)
            {
                return false;
            }

            entry.Owner = null;
            return true;
        }
    }

    /// <summary>Nobody has any of them.</summary>
    internal void ReleaseAll()
    {
        lock (_lock)
        {
            foreach (Entry entry in _entries.Values)
            {
                entry.Owner = null;
            }
        }
    }

    /// <summary>A function, whoever has it.</summary>
    internal IPciFunction? Find(PciAddress address)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(address)?.Function;
        }
    }

    /// <summary>The guest that has a function.</summary>
    internal int? OwnerOf(PciAddress address)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(address)?.Owner;
        }
    }

    /// <summary>Puts another function in the place of the one at its address, which is closed. Nobody has it.</summary>
    internal void Replace(IPciFunction function)
    {
        lock (_lock)
        {
            Entry entry = _entries[function.Address];
            entry.Function.Dispose();
            entry.Function = function;
        }
    }

    private sealed class Entry(IPciFunction function)
    {
        public IPciFunction Function { get; set; } = function;

        public int? Owner { get; set; }
    }
}
