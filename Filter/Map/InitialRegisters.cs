using PciBackFlow.Filter.Run;

namespace PciBackFlow.Filter.Map;

/// <summary>What a guest finds in a function: the values of <see cref="VirtualRegisters"/> at assignment.</summary>
public sealed class InitialRegisters
{
    private readonly uint[] _values;
    private readonly uint[] _seen;
    private readonly BaseAddressAnswer[] _baseAddresses;

    internal InitialRegisters(int configSize, BaseAddressAnswer[] baseAddresses)
    {
        _baseAddresses = baseAddresses;
        _values = new uint[configSize / 4];
        _seen = new uint[configSize / 32];
    }

    /// <summary>The answers of the seven base address registers: 0–5 the BARs, 6 the ROM.</summary>
    public ReadOnlySpan<BaseAddressAnswer> BaseAddresses => _baseAddresses;

    /// <summary>One value per dword.</summary>
    public ReadOnlySpan<uint> Values => _values;

    /// <summary>Four bits per dword, low byte first: bytes whose hardware value is in <see cref="Values"/>.</summary>
    public ReadOnlySpan<uint> Seen => _seen;

    internal void Set(int dword, uint value, uint mask) => _values[dword] = ByteLanes.Merge(_values[dword], value, mask);

    internal void MarkSeen(int dword) => _seen[dword >> 3] |= 0xFu << ((dword & 7) * 4);
}
