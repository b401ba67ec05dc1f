using System.Globalization;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Text;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// The texts of the xenstore keys, as toolstack, frontends and Linux's xen-pciback write and read them. Parsing is strict where a
/// guest owns the key, and as lenient as Linux's <c>sscanf</c> where the toolstack does.
/// </summary>
public static class StoreFormats
{
    /// <summary>Longest error text written to xenstore, in characters: a guest can cause it to be written, so it is bounded (XSA-326).</summary>
    public const int MaxErrorLength = 256;

    /// <summary>A <c>state</c> or <c>state-N</c> key.</summary>
    /// <param name="text">Its value, or null when it is missing.</param>
    /// <returns>The state; <see cref="XenbusState.Unknown"/> when missing, <see cref="XenbusState.Invalid"/> when it is anything but 0 to 8.</returns>
    public static XenbusState ParseState(string? text)
    {
        if (text is null)
        {
            return XenbusState.Unknown;
        }

        return text.Length == 1 && text[0] is >= '0' and <= '8' ? (XenbusState)(text[0] - '0') : XenbusState.Invalid;
    }

    /// <summary>A decimal number that a guest wrote: digits only, at most 2^32−1.</summary>
    /// <param name="text">The key's value.</param>
    /// <param name="value">The number.</param>
    /// <returns>False when missing or anything else.</returns>
    public static bool TryParseDecimal(string? text, out uint value)
    {
        // Ten digits hold the largest value: longer texts, leading zeros or not, are not what a frontend writes.
        value = 0;
        return text is { Length: > 0 and <= 10 } && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>
    /// A host or guest address: four hexadecimal numbers <c>x:x:x.x</c>, either case, text after them ignored.
    /// </summary>
    /// <param name="text">The key's value.</param>
    /// <param name="address">The address.</param>
    /// <returns>False when missing, not four numbers, or a number is larger than its field.</returns>
    public static bool TryParseAddress(string? text, out PciAddress address)
    {
        address = default;
        if (text is null)
        {
            return false;
        }

        int at = 0;
        if (!TryTakeHex(text, ref at, ':', uint.MaxValue, out uint domain)
            || !TryTakeHex(text, ref at, ':', 0xFF, out uint bus)
            || !TryTakeHex(text, ref at, '.', 0x1F, out uint slot)
            || !TryTakeHex(text, ref at, '\0', 7, out uint function))
        {
            return false;
        }

        address = new(domain, (byte)bus, (byte)slot, (byte)function);
        return true;
    }

    /// <summary>A root bus: two hexadecimal numbers <c>segment:bus</c>.</summary>
    /// <param name="text">The key's value.</param>
    /// <param name="root">The bus.</param>
    /// <returns>False when missing or anything else.</returns>
    public static bool TryParseRoot(string? text, out PciBus root)
    {
        root = default;
        int at = 0;
        if (text is null || !TryTakeHex(text, ref at, ':', uint.MaxValue, out uint domain) || !TryTakeHex(text, ref at, '\0', 0xFF, out uint number))
        {
            return false;
        }

        root = new(domain, (byte)number);
        return true;
    }

    /// <summary>A requested guest devfn (<c>vdevfn-N</c>): hexadecimal, with or without <c>0x</c>.</summary>
    /// <param name="text">The key's value.</param>
    /// <param name="devfn">(slot &lt;&lt; 3) | function.</param>
    /// <returns>False when missing or larger than a byte.</returns>
    public static bool TryParseDevfn(string? text, out byte devfn)
    {
        devfn = 0;
        if (text is null)
        {
            return false;
        }

        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        return digits.Length is > 0 and <= 8
            && uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            && value <= 0xFF
            && (devfn = (byte)value) == value;
    }

    /// <summary>A <c>vdev-N</c> value. The function has two digits: a frozen oddity that frontends scan.</summary>
    /// <param name="address">The address as the guest sees it.</param>
    /// <returns><c>%04x:%02x:%02x.%02x</c>.</returns>
    public static string FormatGuestAddress(PciAddress address) => $"{address.Domain:x4}:{address.Bus:x2}:{address.Slot:x2}.{address.Function:x2}";

    /// <summary>A <c>root-K</c> value.</summary>
    /// <param name="root">The bus.</param>
    /// <returns><c>%04x:%02x</c>.</returns>
    public static string FormatRoot(PciBus root) => $"{root.Domain:x4}:{root.Bus:x2}";

    /// <summary>A state's value.</summary>
    /// <param name="state">0 to 8.</param>
    /// <returns>Decimal.</returns>
    public static string FormatState(XenbusState state) => ((int)state).ToString(CultureInfo.InvariantCulture);

    /// <summary>Why a device cannot be a guest's, as the guest reads it.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>A word that names nothing of other guests or of the host.</returns>
    public static string FormatFailure(DeviceFailureKind kind) => kind switch
    {
        DeviceFailureKind.Malformed => "malformed",
        DeviceFailureKind.NotHeld => "not-held",
        DeviceFailureKind.InUse => "in-use",
        DeviceFailureKind.Gone => "gone",
        DeviceFailureKind.Unusable => "unusable",
        DeviceFailureKind.Unsupported => "unsupported",
        DeviceFailureKind.NoSlot => "no-slot",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no kind of failure"),
    };

    /// <summary>An error node's value: number, space, text, at most <see cref="MaxErrorLength"/> characters.</summary>
    /// <param name="errno">The error; its number is written, positive.</param>
    /// <param name="reason">Text; unprintable characters become dots.</param>
    /// <returns>The value.</returns>
    public static string FormatError(Errno errno, string reason) => Bounded(string.Create(CultureInfo.InvariantCulture, $"{(int)errno} {reason}"));

    /// <summary>Text for a key whose length a guest could influence.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>Its printable ASCII form, at most <see cref="MaxErrorLength"/> characters (and so bytes).</returns>
    public static string Bounded(string text) => ForeignText.Shown(text, MaxErrorLength);

    /// <summary>Foreign text inside a message.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>Its printable ASCII form, at most 32 characters.</returns>
    public static string Printable(string text) => ForeignText.Shown(text, limit: 32);

    private static bool TryTakeHex(string text, ref int at, char terminator, uint limit, out uint value)
    {
        // As sscanf's %x: leading blanks and a 0x prefix are accepted, and the number ends where the digits end.
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }

        if (at + 2 < text.Length && text[at] == '0' && text[at + 1] is 'x' or 'X' && char.IsAsciiHexDigit(text[at + 2]))
        {
            at += 2;
        }

        int begin = at;
        ulong number = 0;
        value = 0;
        while (at < text.Length && char.IsAsciiHexDigit(text[at]))
        {
            number = (number << 4) | (uint)HexValue(text[at]);
            if (number > limit)
            {
                return false;
            }

            at++;
        }

        if (at == begin)
        {
            return false;
        }

        value = (uint)number;
        if (terminator == '\0')
        {
            return true;
        }

        return at < text.Length && text[at++] == terminator;
    }

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
