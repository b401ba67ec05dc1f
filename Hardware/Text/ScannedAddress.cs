using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Text;

/// <summary>
/// Addresses as programs in C read them, <c>sscanf("%x:%x:%x.%x")</c>: <c>0:4.0</c> and <c>00:04.00</c> are what <c>0000:00:04.0</c> is. For the grammars of
/// others; a person's own word is read by <see cref="PciAddress.TryParse(ReadOnlySpan{char}, out PciAddress, out int, out string)"/>.
/// </summary>
public static class ScannedAddress
{
    /// <summary>Reads <c>[DDDD:]BB:SS.F</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="position">Where; behind the function when read, else the wrong character.</param>
    /// <param name="hasDomain">Whether a segment stands in front; it is 0 without.</param>
    /// <param name="address">The address; default when refused.</param>
    /// <param name="reason">What is wrong; empty when accepted.</param>
    /// <returns>Whether there is one.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, ref int position, bool hasDomain, out PciAddress address, out string reason)
    {
        address = default;
        uint domain = 0;
        if ((hasDomain && !(TryNumber(text, ref position, uint.MaxValue, "a segment is hexadecimal", out domain, out reason)
                && TryCharacter(text, ref position, ':', "':' stands between segment and bus", out reason)))
            || !TryNumber(text, ref position, 0xFF, "a bus is hexadecimal, 00 to ff", out uint bus, out reason)
            || !TryCharacter(text, ref position, ':', "':' stands between bus and slot", out reason)
            || !TryNumber(text, ref position, 0x1F, "a slot is hexadecimal, 00 to 1f", out uint slot, out reason)
            || !TryCharacter(text, ref position, '.', "'.' stands between slot and function", out reason)
            || !TryNumber(text, ref position, 7, "a function is 0 to 7", out uint function, out reason))
        {
            return false;
        }

        address = new PciAddress(domain, (byte)bus, (byte)slot, (byte)function);
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, ref int position, uint max, string rule, out uint value, out string reason)
    {
        bool isRead = ScannedHex.TryRead(text, ref position, max, out value);
        reason = isRead ? string.Empty : rule;
        return isRead;
    }

    private static bool TryCharacter(ReadOnlySpan<char> text, ref int position, char expected, string rule, out string reason)
    {
        bool isThere = position < text.Length && text[position] == expected;
        position += isThere ? 1 : 0;
        reason = isThere ? string.Empty : rule;
        return isThere;
    }
}
