using System.Globalization;

namespace PciBackFlow.Hardware.Pci.Captures;

/// <summary>One function of a dump while its lines are being read.</summary>
internal sealed class DumpedFunction(string file, int firstLine, PciAddress address, string description)
{
    private readonly List<byte> _bytes = [];
    private readonly ulong[] _lengths = new ulong[ResourceLengths.Count];
    private readonly List<(bool IsIo, ulong Start, ulong Length)> _unnumbered = [];

    public void TakeRow(int line, ReadOnlySpan<char> offsetText, ReadOnlySpan<char> row)
    {
        uint offset = uint.Parse(offsetText, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (offset != _bytes.Count)
        {
            throw new CaptureFormatException(file, line, $"row 0x{offset:x2} where 0x{_bytes.Count:x2} is next");
        }

        int before = _bytes.Count;
        while (!(row = row.TrimStart()).IsEmpty)
        {
            int length = row.IndexOfAny(' ', '\t');
            ReadOnlySpan<char> token = length < 0 ? row : row[..length];
            if (token.Length != 2 || !byte.TryParse(token, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                throw new CaptureFormatException(file, line, $"'{token}' is not a byte of two hexadecimal digits");
            }

            if (_bytes.Count == ConfigRegisters.ExtendedSize)
            {
                throw new CaptureFormatException(file, line, "more than 4096 bytes");
            }

            _bytes.Add(value);
            row = row[token.Length..];
        }

        if (_bytes.Count == before)
        {
            throw new CaptureFormatException(file, line, "a row without bytes");
        }

        if (_bytes.Count - before > 16)
        {
            throw new CaptureFormatException(file, line, $"a row of {_bytes.Count - before} bytes, not 16");
        }
    }

    // "Region 0: Memory at f0000000 (64-bit, …) [size=16M]" of -vv; "Memory at …", "I/O ports at …" without a number of -v;
    // "Expansion ROM at …" of both. Windows behind a bridge have a size too, and are none of these.
    public void TakeDecoded(ReadOnlySpan<char> line)
    {
        if (!TrySize(line, out ulong length))
        {
            return;
        }

        if (line.StartsWith("Region ") && line.Length > 8 && line[7] is >= '0' and <= '5' && line[8] == ':')
        {
            _lengths[line[7] - '0'] = length;
        }
        else if (line.StartsWith("Expansion ROM at ") || line.StartsWith("[virtual] Expansion ROM at "))
        {
            _lengths[ResourceLengths.Rom] = length;
        }
        else if (line.StartsWith("Memory at ") && TryAddress(line["Memory at ".Length..], out ulong memory))
        {
            _unnumbered.Add((false, memory, length));
        }
        else if (line.StartsWith("I/O ports at ") && TryAddress(line["I/O ports at ".Length..], out ulong ports))
        {
            _unnumbered.Add((true, ports, length));
        }
    }

    public CapturedConfig Finish()
    {
        if (_bytes.Count == 0)
        {
            throw new CaptureFormatException(file, firstLine, $"{address} has no rows of bytes: the dump needs lspci -x, -xxx or -xxxx");
        }

        if (_bytes.Count < ConfigRegisters.HeaderSize)
        {
            throw new CaptureFormatException(file, firstLine, $"{address} has {_bytes.Count} bytes; a header has 64");
        }

        byte[] bytes = _bytes.ToArray();
        AssignUnnumbered(new ConfigImage(bytes));
        return new CapturedConfig(address, description, bytes, _lengths);
    }

    private void AssignUnnumbered(ConfigImage image)
    {
        if (_unnumbered.Count == 0)
        {
            return;
        }

        BaseAddress[] resources = ResourceLengths.Describe(image, ResourceLengths.Resolve(image, default));
        foreach ((bool isIo, ulong start, ulong length) in _unnumbered)
        {
            for (int i = 0; i < ResourceLengths.Rom; i++)
            {
                if (resources[i].IsPresent && resources[i].IsIo == isIo && resources[i].Start == start && _lengths[i] == 0)
                {
                    _lengths[i] = length;
                    break;
                }
            }
        }
    }

    private static bool TryAddress(ReadOnlySpan<char> text, out ulong value)
    {
        int end = text.IndexOf(' ');
        return ulong.TryParse(end < 0 ? text : text[..end], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private static bool TrySize(ReadOnlySpan<char> line, out ulong length)
    {
        length = 0;
        int at = line.IndexOf("[size=");
        if (at < 0)
        {
            return false;
        }

        ReadOnlySpan<char> text = line[(at + "[size=".Length)..];
        int end = text.IndexOf(']');
        if (end < 1)
        {
            return false;
        }

        text = text[..end];
        int shift = text[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        if (shift != 0)
        {
            text = text[..^1];
        }

        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong count) || count > ulong.MaxValue >> shift)
        {
            return false;
        }

        length = count << shift;
        return length != 0;
    }
}
