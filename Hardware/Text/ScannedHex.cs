using System.Globalization;

namespace PciBackFlow.Hardware.Text;

/// <summary>
/// Numbers as C's <c>scanf("%x")</c> reads them, in the kernel and in libxlu alike: white space before is skipped, <c>0x</c> may stand in front, and there may
/// be any number of digits.
/// </summary>
public static class ScannedHex
{
    private const int MostDigits = 8;

    /// <summary>Reads a number.</summary>
    /// <param name="text">The text.</param>
    /// <param name="position">Where; behind the number when read, else the wrong character: the missing digit, or the beginning of what is too large.</param>
    /// <param name="max">The largest that is accepted.</param>
    /// <param name="value">The number; 0 when refused.</param>
    /// <returns>Whether there is one, of at most <paramref name="max"/>.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, ref int position, uint max, out uint value)
    {
        SkipSpace(text, ref position);
        int start = position;
        if (position + 1 < text.Length && text[position] == '0' && (text[position + 1] | 0x20) == 'x')
        {
            position += 2;
        }

        int first = position;
        while (position < text.Length && char.IsAsciiHexDigit(text[position]))
        {
            position++;
        }

        value = 0;
        if (position == first)
        {
            return false;
        }

        ReadOnlySpan<char> digits = text[first..position].TrimStart('0');
        if (digits.Length <= MostDigits
            && (digits.IsEmpty || uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)) && value <= max)
        {
            return true;
        }

        value = 0;
        position = start;
        return false;
    }

    /// <summary>Goes over white space.</summary>
    /// <param name="text">The text.</param>
    /// <param name="position">Where; behind the white space.</param>
    public static void SkipSpace(ReadOnlySpan<char> text, ref int position)
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
        {
            position++;
        }
    }
}
