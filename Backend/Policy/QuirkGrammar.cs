using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Text;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Policy;

/// <summary>
/// The grammar of Linux xen-pciback's <c>quirks</c> attribute (drivers/xen/xen-pciback/pci_stub.c, str_to_quirk): <c>[DDDD:]BB:SS.F-REG:SIZE:MASK</c>, all
/// numbers as scanf's <c>%x</c> reads them (<see cref="ScannedHex"/>), white space allowed around. REG is at most FFF, SIZE 1, 2 or 4, and MASK fits SIZE
/// bytes. Unlike there, the mask is honoured.
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
        field = default;
        int position = 0;
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (!ScannedAddress.TryRead(text, ref position, text.AsSpan(0, Math.Max(0, dash)).Count(':') > 1, out address, out reason))
        {
            errorIndex = position;
            return false;
        }

        if (!XenSegments.Know(address))
        {
            return Refuse(text.Length - text.TrimStart().Length, XenSegments.Rule, out errorIndex, out reason);
        }

        if (position >= text.Length || text[position] != '-')
        {
            return Refuse(position, "a quirk is [DDDD:]BB:SS.F-REG:SIZE:MASK", out errorIndex, out reason);
        }

        position++;
        if (!TryNumber(text, ref position, ':', MaxRegister, "a register is hexadecimal, at most fff", out uint register, out errorIndex, out reason))
        {
            return false;
        }

        int sizeAt = position;
        if (!TryNumber(text, ref position, ':', 4, "a size is 1, 2 or 4", out uint size, out errorIndex, out reason))
        {
            return false;
        }

        int maskAt = position;
        if (!TryNumber(text, ref position, '\0', uint.MaxValue, "hexadecimal digits end a quirk", out uint mask, out errorIndex, out reason))
        {
            return false;
        }

        if (size is not (1 or 2 or 4))
        {
            return Refuse(sizeAt, "a size is 1, 2 or 4", out errorIndex, out reason);
        }

        if (size < 4 && mask >> (int)(8 * size) != 0)
        {
            return Refuse(maskAt, "the mask is wider than the size", out errorIndex, out reason);
        }

        field = new QuirkField((int)register, (int)size, mask, origin);
        return true;
    }

    private static bool TryNumber(
        string text, ref int position, char separator, uint max, string rule, out uint number, out int errorIndex, out string reason)
    {
        if (!ScannedHex.TryRead(text, ref position, max, out number))
        {
            return Refuse(position, rule, out errorIndex, out reason);
        }

        if (separator == '\0')
        {
            ScannedHex.SkipSpace(text, ref position);
        }

        if (separator == '\0' ? position != text.Length : position >= text.Length || text[position] != separator)
        {
            return Refuse(position, separator == '\0' ? rule : "hexadecimal digits and ':' are expected", out errorIndex, out reason);
        }

        position++;
        (errorIndex, reason) = (-1, string.Empty);
        return true;
    }

    private static bool Refuse(int index, string why, out int errorIndex, out string reason)
    {
        errorIndex = index;
        reason = why;
        return false;
    }
}
