using System.Globalization;

namespace PciBackFlow.Pci;

public readonly partial record struct PciAddress
{
    private const int MinDomainDigits = 4;
    private const int MaxDomainDigits = 8;

    /// <summary>Reads <c>[DDDD:]BB:SS.F</c>, hexadecimal, either case; the domain has 4 to 8 digits and is 0 when absent.</summary>
    /// <param name="text">The whole text; nothing may precede or follow the address.</param>
    /// <param name="address">The address; default when refused.</param>
    /// <param name="errorIndex">Index of the wrong character (the text's length when something is missing at its end); -1 when accepted.</param>
    /// <param name="reason">What is wrong there, for people; empty when accepted.</param>
    /// <returns>Whether the text is an address.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out PciAddress address, out int errorIndex, out string reason)
    {
        address = default;
        int position = 0;
        uint domain = 0;
        int firstDigits = CountHexDigits(text);
        if (!Separated(text, firstDigits, ':'))
        {
            errorIndex = firstDigits;
            reason = firstDigits < text.Length ? "not a hexadecimal digit or ':'" : "an address is [DDDD:]BB:SS.F";
            return false;
        }

        // A domain is followed by another colon and, behind that, a dot: in 00:1c:0 the first part is the bus, the second colon wrong.
        ReadOnlySpan<char> afterFirst = text[(firstDigits + 1)..];
        int secondColon = afterFirst.IndexOf(':');
        bool hasDomain = firstDigits > 2 || (secondColon >= 0 && afterFirst[secondColon..].Contains('.'));
        if (hasDomain)
        {
            if (firstDigits < MinDomainDigits)
            {
                errorIndex = firstDigits;
                reason = "a domain has 4 to 8 hexadecimal digits";
                return false;
            }

            if (firstDigits > MaxDomainDigits)
            {
                errorIndex = MaxDomainDigits;
                reason = "a domain has 4 to 8 hexadecimal digits";
                return false;
            }

            domain = uint.Parse(text[..firstDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            position = firstDigits + 1;
        }

        if (!TryTake(text, ref position, 2, 0xFF, "a bus has two hexadecimal digits", out uint bus, out errorIndex, out reason)
            || !TrySeparator(text, ref position, ':', "':' stands between bus and slot", out errorIndex, out reason)
            || !TryTake(text, ref position, 2, 0x1F, "a slot has two hexadecimal digits, 00 to 1f", out uint slot, out errorIndex, out reason)
            || !TrySeparator(text, ref position, '.', "'.' stands between slot and function", out errorIndex, out reason)
            || !TryTake(text, ref position, 1, 7, "a function is one digit, 0 to 7", out uint function, out errorIndex, out reason))
        {
            return false;
        }

        if (position != text.Length)
        {
            errorIndex = position;
            reason = "nothing follows the function";
            return false;
        }

        address = new PciAddress(domain, (byte)bus, (byte)slot, (byte)function);
        return true;
    }

    /// <summary>Reads <c>[DDDD:]BB:SS.F</c>.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="address">The address; default when refused.</param>
    /// <returns>Whether the text is an address.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out PciAddress address) => TryParse(text, out address, out _, out _);

    /// <summary>Reads <c>[DDDD:]BB:SS.F</c>.</summary>
    /// <param name="text">The whole text.</param>
    /// <returns>The address.</returns>
    /// <exception cref="FormatException">The text is no address; the message names the place and the reason.</exception>
    public static PciAddress Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out PciAddress address, out int index, out string? reason)
            ? address
            : throw new FormatException($"'{text}' is not a PCI address: {reason} (character {index + 1})");

    private static int CountHexDigits(ReadOnlySpan<char> text)
    {
        int count = 0;
        while (count < text.Length && char.IsAsciiHexDigit(text[count]))
        {
            count++;
        }

        return count;
    }

    private static bool Separated(ReadOnlySpan<char> text, int position, char separator) =>
        position > 0 && position < text.Length && text[position] == separator;

    private static bool TryTake(
        ReadOnlySpan<char> text, ref int position, int digits, uint max, string rule, out uint value, out int errorIndex, out string reason)
    {
        value = 0;
        for (int i = 0; i < digits; i++, position++)
        {
            if (position >= text.Length || !char.IsAsciiHexDigit(text[position]))
            {
                errorIndex = position;
                reason = rule;
                return false;
            }

            value = (value << 4) | (uint)HexDigit(text[position]);
        }

        // Too large: only the leading digit can be at fault (1f, 7).
        errorIndex = value > max ? position - digits : -1;
        reason = value > max ? rule : string.Empty;
        return value <= max;
    }

    private static bool TrySeparator(ReadOnlySpan<char> text, ref int position, char separator, string rule, out int errorIndex, out string reason)
    {
        bool ok = position < text.Length && text[position] == separator;
        errorIndex = ok ? -1 : position;
        reason = ok ? string.Empty : rule;
        position++;
        return ok;
    }

    private static int HexDigit(char c) => char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}
