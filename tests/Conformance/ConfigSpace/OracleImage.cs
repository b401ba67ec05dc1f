using System.Buffers.Binary;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// A function's bytes and what can be read off them by hand: header type, the first capability of each id. Written from the
/// PCI specifications and independent of the product's own walk and tables, on purpose.
/// </summary>
internal sealed class OracleImage
{
    private const int StatusRegister = 0x06;
    private const int CapabilityListBit = 0x10;

    private readonly byte[] _bytes;
    private readonly Dictionary<int, int> _capabilities = [];

    public OracleImage(byte[] bytes)
    {
        _bytes = bytes;
        WalkCapabilities();
        WalkExtendedCapabilities();
        HasStandardDefect = Standard.Count > 0 && Standard.Select(capability => (int)_bytes[capability.Offset + 1]).Prepend(_bytes[0x34])
            .Any(next => next != 0 && ((next & 3) != 0 || next < 0x40 || _bytes[next & 0xFC] == 0xFF || IsTwice(Standard, next, _bytes[0x34])));
        HasExtendedDefect = Extended.Select(capability => (int)(Read(capability.Offset, 4) >> 20))
            .Any(next => next != 0 && ((next & 3) != 0 || next < 0x100 || Read(next, 4) == 0xFFFFFFFF || IsTwice(Extended, next, 0x100)));
    }

    /// <summary>Every standard capability reached by the list, in its order.</summary>
    public List<(int Id, int Offset)> Standard { get; } = [];

    /// <summary>Every extended capability reached by the list, in its order.</summary>
    public List<(int Id, int Offset)> Extended { get; } = [];

    /// <summary>Whether the extended list comes back to itself or meets a header without an id.</summary>
    public bool IsExtendedListBroken { get; private set; }

    /// <summary>Whether a pointer of the standard list goes round, below 0x40, to a header of all ones, or has low bits set (PCI Local Bus 3.0 §6.7).</summary>
    public bool HasStandardDefect { get; private set; }

    /// <summary>The same of the extended list, below 0x100 (PCI Express Base 3.0 §7.9).</summary>
    public bool HasExtendedDefect { get; private set; }

    public int Size => _bytes.Length;

    public int HeaderType => _bytes[0x0E] & 0x7F;

    public int BarCount => HeaderType switch { 0 => 6, 1 => 2, _ => 0 };

    public int RomRegister => HeaderType switch { 0 => 0x30, 1 => 0x38, _ => -1 };

    public byte this[int offset] => _bytes[offset];

    /// <summary>Offset of the first capability of an id, or -1.</summary>
    public int Capability(int id) => _capabilities.GetValueOrDefault(id, -1);

    public uint Read(int offset, int size) => size switch
    {
        1 => _bytes[offset],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset)),
        _ => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset)),
    };

    /// <summary>Whether the dword is the upper half of a 64-bit memory BAR.</summary>
    public bool IsUpperHalf(int register)
    {
        for (int bar = 0; bar < BarCount; bar++)
        {
            uint low = Read(0x10 + (4 * bar), 4);
            if ((low & 7) != 4)
            {
                continue;
            }

            bar++;
            if (register == 0x10 + (4 * bar))
            {
                return true;
            }
        }

        return false;
    }

    // Two pointers lead to one place; the first pointer of a list is one of them.
    private bool IsTwice(List<(int Id, int Offset)> list, int target, int first) => (first == target ? 1 : 0)
        + list.Count(capability => (list == Standard ? _bytes[capability.Offset + 1] : Read(capability.Offset, 4) >> 20) == target) > 1;

    private void WalkCapabilities()
    {
        if (HeaderType > 1 || (_bytes[StatusRegister] & CapabilityListBit) == 0 || Size < 256)
        {
            return;
        }

        var seen = new HashSet<int>();
        for (int pointer = _bytes[0x34] & 0xFC; pointer >= 0x40 && seen.Add(pointer); pointer = _bytes[pointer + 1] & 0xFC)
        {
            if (_bytes[pointer] == 0xFF)
            {
                return;
            }

            _capabilities.TryAdd(_bytes[pointer], pointer);
            Standard.Add((_bytes[pointer], pointer));
        }
    }

    private void WalkExtendedCapabilities()
    {
        if (Size < 4096)
        {
            return;
        }

        var seen = new HashSet<int>();
        for (int at = 0x100; at >= 0x100; at = (int)(Read(at, 4) >> 20) & 0xFFC)
        {
            uint header = Read(at, 4);
            if (header is 0 or 0xFFFFFFFF)
            {
                return;
            }

            IsExtendedListBroken |= (header & 0xFFFF) == 0 || !seen.Add(at);
            if (!seen.Contains(at) || Extended.Any(capability => capability.Offset == at))
            {
                return;
            }

            Extended.Add(((int)(header & 0xFFFF), at));
        }
    }
}
