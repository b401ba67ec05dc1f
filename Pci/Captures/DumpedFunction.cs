using System.Globalization;

namespace PciBackFlow.Pci.Captures;

/// <summary>One function of a dump while its lines are being read.</summary>
internal sealed class DumpedFunction(string file, int firstLine, PciAddress address, string description)
{
    private readonly List<byte> _bytes = [];
    private readonly ReportedRegion[] _regions = new ReportedRegion[FunctionRegions.Count];
    private readonly List<DecodedRegion> _unnumbered = [];
    private bool _inCapabilities;

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

    // Behind the first capability a "Region 0:" is SR-IOV's, of the virtual functions.
    public void TakeDecoded(ReadOnlySpan<char> line)
    {
        _inCapabilities |= line.StartsWith("Capabilities:");
        if (_inCapabilities || !DecodedRegion.TryParse(line, out DecodedRegion decoded))
        {
            return;
        }

        if (decoded.Index is { } index)
        {
            _regions[index] = decoded.Region;
        }
        else
        {
            _unnumbered.Add(decoded);
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
        var image = new ConfigImage(bytes);
        PlaceUnnumbered(image);
        LegacyIde.Report(image, _regions);
        return new CapturedConfig(address, description, bytes, _regions);
    }

    // In the order of the registers, as lspci prints them. One that no register holds gets the next that holds nothing; its place is assumed.
    private void PlaceUnnumbered(ConfigImage image)
    {
        HeaderKind kind = ConfigHeader.KindOf(image);
        int count = kind == HeaderKind.CardBus ? 0 : ConfigHeader.BaseAddressCount(kind);
        int next = 0;
        foreach (DecodedRegion decoded in _unnumbered)
        {
            ReportedRegion region = decoded.Region;
            int at = Find(next, register => register.IsIo == decoded.IsPorts && register != default && register.Start == (region.Start ?? 0));
            if (at < 0)
            {
                at = region.Start is null or 0 ? -1 : Find(next, static register => register == default);
                region = region with { IsPlaceAssumed = true };
            }

            if (at >= 0)
            {
                _regions[at] = region;
                next = at + (region.Flags is { } flags && (flags & 7) == 4 ? 2 : 1);
            }
        }

        int Find(int from, Func<BaseAddress, bool> fits)
        {
            for (int i = from; i < count; i++)
            {
                BaseAddress register = FunctionRegions.At(image, i, count);
                if (_regions[i] == default && fits(register))
                {
                    return i;
                }

                // Its upper half is no register of its own.
                i += register.Is64Bit || _regions[i].Flags is { } flags && (flags & 7) == 4 ? 1 : 0;
            }

            return -1;
        }
    }
}
