using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Stages.Connections;

/// <summary>
/// The functions of one guest by the address at which it sees them. Immutable: hot-plug makes a new table and swaps the
/// reference (<see cref="GuestConnection.Functions"/>). Looking up allocates nothing and takes any 96 bits.
/// </summary>
public sealed class FunctionTable
{
    /// <summary>The table of a guest without functions.</summary>
    public static readonly FunctionTable Empty = new([]);

    // Bus 0 of segment 0 is where virtual slots are (and most of passthrough's), so it is an array; everything else is searched.
    private readonly AssignedFunction?[] _firstBus = new AssignedFunction?[256];
    private readonly ulong[] _keys;
    private readonly AssignedFunction[] _others;
    private readonly AssignedFunction[] _all;

    /// <summary>A table of these functions at their guest addresses.</summary>
    /// <param name="functions">The functions, each at its <see cref="AssignedFunction.GuestAddress"/>.</param>
    /// <exception cref="ArgumentException">Two functions have the same guest address.</exception>
    public FunctionTable(IEnumerable<AssignedFunction> functions)
    {
        _all = [.. functions];
        Array.Sort(_all, static (a, b) => a.GuestAddress.CompareTo(b.GuestAddress));
        var keys = new List<ulong>();
        var others = new List<AssignedFunction>();
        for (int i = 0; i < _all.Length; i++)
        {
            PciAddress address = _all[i].GuestAddress;
            if (i > 0 && address == _all[i - 1].GuestAddress)
            {
                throw new ArgumentException($"two functions at guest address {address}", nameof(functions));
            }

            if (address.Domain == 0 && address.Bus == 0)
            {
                _firstBus[address.Devfn] = _all[i];
            }
            else
            {
                keys.Add(KeyOf(address.Domain, address.Bus, address.Devfn));
                others.Add(_all[i]);
            }
        }

        _keys = [.. keys];
        _others = [.. others];
    }

    /// <summary>Number of functions.</summary>
    public int Count => _all.Length;

    /// <summary>All functions, by rising guest address.</summary>
    public IReadOnlyList<AssignedFunction> Functions => _all;

    /// <summary>Finds the function at an address that a guest wrote.</summary>
    /// <param name="domain">Segment, any 32 bits.</param>
    /// <param name="bus">Bus, any 32 bits; above 255 nothing is found.</param>
    /// <param name="devfn">(slot &lt;&lt; 3) | function, any 32 bits; above 255 nothing is found.</param>
    /// <returns>The function, or null.</returns>
    public AssignedFunction? Find(uint domain, uint bus, uint devfn)
    {
        if (devfn > 0xFF || bus > 0xFF)
        {
            return null;
        }

        if ((domain | bus) == 0)
        {
            return _firstBus[devfn];
        }

        int index = Array.BinarySearch(_keys, KeyOf(domain, bus, devfn));
        return index < 0 ? null : _others[index];
    }

    /// <summary>This table and one function more.</summary>
    /// <param name="function">The function to add.</param>
    /// <returns>A new table.</returns>
    /// <exception cref="ArgumentException">The guest address is taken.</exception>
    public FunctionTable With(AssignedFunction function) => new([.. _all, function]);

    /// <summary>This table without the function at a guest address.</summary>
    /// <param name="guestAddress">Where it is; absent ones are ignored.</param>
    /// <returns>A new table, or this one when nothing was there.</returns>
    public FunctionTable Without(PciAddress guestAddress)
    {
        var rest = new List<AssignedFunction>(_all.Length);
        foreach (AssignedFunction function in _all)
        {
            if (function.GuestAddress != guestAddress)
            {
                rest.Add(function);
            }
        }

        return rest.Count == _all.Length ? this : new FunctionTable(rest);
    }

    private static ulong KeyOf(uint domain, uint bus, uint devfn) => ((ulong)domain << 16) | (bus << 8) | devfn;
}
