using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Devices.Sources;

/// <summary>
/// One captured machine for many guests: each guest gets functions of its own, made when it claims them. For load and tests, where a
/// thousand guests have the same devices; a real function exists once (<see cref="ExclusiveFunctions"/>).
/// </summary>
public sealed class ReplicatedFunctions : IFunctionSource
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(int DomainId, PciAddress Address), IPciFunction> _claimed = [];
    private readonly PciAddress[] _addresses;
    private readonly Func<int, PciAddress, IPciFunction> _create;

    /// <summary>Creates the source.</summary>
    /// <param name="addresses">The functions every guest can have.</param>
    /// <param name="create">Makes a guest's own instance; given the domain id and the address. May be called by many threads.</param>
    public ReplicatedFunctions(IEnumerable<PciAddress> addresses, Func<int, PciAddress, IPciFunction> create)
    {
        _addresses = [.. addresses.Order()];
        _create = create;
    }

    /// <inheritdoc/>
    public IReadOnlyList<PciAddress> List() => _addresses;

    /// <inheritdoc/>
    public FunctionClaim Claim(int domainId, PciAddress address)
    {
        if (Array.BinarySearch(_addresses, address) < 0)
        {
            return FunctionClaim.Refused($"no function {address} to give");
        }

        lock (_lock)
        {
            if (_claimed.TryGetValue((domainId, address), out IPciFunction? function))
            {
                return FunctionClaim.Granted(function);
            }
        }

        // Outside the lock: making a function may parse a capture. Only the guest's own queue claims for a domain id.
        IPciFunction made = _create(domainId, address);
        lock (_lock)
        {
            _claimed[(domainId, address)] = made;
        }

        return FunctionClaim.Granted(made);
    }

    /// <inheritdoc/>
    public void Release(int domainId, PciAddress address)
    {
        IPciFunction? function;
        lock (_lock)
        {
            _claimed.Remove((domainId, address), out function);
        }

        function?.Dispose();
    }
}
