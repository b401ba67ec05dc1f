using System.Globalization;

namespace PciBackFlow.Pci.Captures;

/// <summary>The ids that lspci prints behind a function's address: <c>[8086:10ca]</c> with <c>-nn</c>, <c>0200: 8086:10ca</c> with <c>-n</c>.</summary>
internal static class DumpedIds
{
    private const int Digits = 4;
    private const int Length = 2 * Digits + 1;

    /// <summary>Finds them in a description.</summary>
    /// <param name="description">The text behind the address.</param>
    /// <param name="vendor">Vendor id; FFFF when there are none.</param>
    /// <param name="device">Device id; FFFF when there are none.</param>
    /// <returns>Whether there are any.</returns>
    public static bool TryFind(ReadOnlySpan<char> description, out ushort vendor, out ushort device)
    {
        // "0200: 8086:10ca (rev 01)": class, then ids.
        const int BehindClass = Digits + 2;
        if (description.Length >= BehindClass + Length && description[Digits] == ':' && description[Digits + 1] == ' ' && IsHex(description[..Digits])
            && (description.Length == BehindClass + Length || description[BehindClass + Length] == ' ')
            && TryRead(description.Slice(BehindClass, Length), out vendor, out device))
        {
            return true;
        }

        // Names have brackets, too: the ids are the last that look so.
        for (int at = description.LastIndexOf('['); at >= 0; at = description[..at].LastIndexOf('['))
        {
            if (at + Length + 1 < description.Length && description[at + Length + 1] == ']'
                && TryRead(description.Slice(at + 1, Length), out vendor, out device))
            {
                return true;
            }
        }

        (vendor, device) = (ushort.MaxValue, ushort.MaxValue);
        return false;
    }

    private static bool TryRead(ReadOnlySpan<char> text, out ushort vendor, out ushort device)
    {
        (vendor, device) = (ushort.MaxValue, ushort.MaxValue);
        return text[Digits] == ':' && IsHex(text[..Digits]) && IsHex(text[(Digits + 1)..])
            && ushort.TryParse(text[..Digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out vendor)
            && ushort.TryParse(text[(Digits + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out device);
    }

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }
        }

        return true;
    }
}
