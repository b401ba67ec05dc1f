using System.Globalization;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Backend.Policy;

/// <summary>
/// The grammar of Linux xen-pciback's <c>quirks</c> attribute: <c>[DDDD:]BB:SS.F-REG:SIZE:MASK</c>, all numbers hexadecimal,
/// white space allowed around. REG is at most FFF, SIZE 1, 2 or 4, and MASK fits SIZE bytes. Unlike there, the mask is honoured.
/// </summary>
public static class QuirkGrammar
{
    private const int MaxRegister = 0xFFF;

    /// <summary>Reads one quirk.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it comes from.</param>
    /// <param name="address">The function it is for.</param>
    /// <param name="field">The field.</param>
    /// <param name="errorIndex">Index of the wrong character; -1 when accepted.</param>
    /// <param name="reason">What is wrong there; empty when accepted.</param>
    /// <returns>Whether the text is a quirk.</returns>
    public static bool TryParse(string text, SettingOrigin origin, out PciAddress address, out QuirkField field, out int errorIndex, out string reason)
    {
        address = default;
        field = default;
        int start = text.Length - text.TrimStart().Length;
        int end = text.TrimEnd().Length;
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0)
        {
            errorIndex = Math.Max(start, end);
            reason = "a quirk is [DDDD:]BB:SS.F-REG:SIZE:MASK";
            return false;
        }

        if (!PciAddress.TryParse(text.AsSpan(start, Math.Max(0, dash - start)), out address, out errorIndex, out reason))
        {
            errorIndex += start;
            return false;
        }

        int position = dash + 1;
        if (!TryNumber(text, ref position, end, ':', out uint register, out errorIndex, out reason)
            || !TryNumber(text, ref position, end, ':', out uint size, out errorIndex, out reason))
        {
            return false;
        }

        int maskAt = position;
        if (!TryNumber(text, ref position, end, '\0', out uint mask, out errorIndex, out reason))
        {
            return false;
        }

        if (register > MaxRegister)
        {
            return Refuse(dash + 1, "a register is at most fff", out errorIndex, out reason);
        }

        if (size is not (1 or 2 or 4))
        {
            return Refuse(maskAt - 2, "a size is 1, 2 or 4", out errorIndex, out reason);
        }

        if (size < 4 && mask >> (int)(8 * size) != 0)
        {
            return Refuse(maskAt, "the mask is wider than the size", out errorIndex, out reason);
        }

        field = new QuirkField((int)register, (int)size, mask, origin);
        errorIndex = -1;
        reason = string.Empty;
        return true;
    }

    private static bool TryNumber(string text, ref int position, int end, char separator, out uint number, out int errorIndex, out string reason)
    {
        number = 0;
        int stop = position;
        while (stop < end && char.IsAsciiHexDigit(text[stop]))
        {
            stop++;
        }

        bool complete = separator == '\0' ? stop == end : stop < end && text[stop] == separator;
        if (stop == position || !complete || stop - position > 8)
        {
            return Refuse(stop, separator == '\0' ? "hexadecimal digits end a quirk" : "hexadecimal digits and ':' are expected", out errorIndex, out reason);
        }

        number = uint.Parse(text.AsSpan(position, stop - position), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        position = stop + 1;
        errorIndex = -1;
        reason = string.Empty;
        return true;
    }

    private static bool Refuse(int index, string why, out int errorIndex, out string reason)
    {
        errorIndex = index;
        reason = why;
        return false;
    }
}
