using System.Globalization;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Selection;

/// <summary>
/// The ways to name a device, as a table; docs/devices.md prints it. What stands behind a key has no blank, comma or parenthesis (names have blanks), so that
/// it can stand in a specification and in a hide list. A refusal points at the first part that is wrong; the script of the initramfs says the same of
/// the same place.
/// </summary>
public static class SelectorForms
{
    private const int IdDigits = 4;
    private const int SerialDigits = 16;

    /// <summary>By address; what is meant when no key is given.</summary>
    public static SelectorForm ByAddress { get; } = new("bdf", "[DDDD:]BB:SS.F", "nothing: bus numbers change with other cards", static value =>
        !PciAddress.TryParse(value, out PciAddress address, out int index, out string reason) ? (null, index, reason)
        : (DeviceSelector.Of(address), -1, string.Empty));

    /// <summary>By name.</summary>
    public static SelectorForm ByName { get; } = new("name", "NAME", "everything, as long as the device is held", static value =>
        DeviceName.FaultOf(value) is { } fault ? (null, 0, fault) : (new NameSelector(value), -1, string.Empty));

    /// <summary>All forms.</summary>
    public static IReadOnlyList<SelectorForm> Table { get; } =
    [
        ByAddress,
        new("path", "pciDDDD:BB/SS.F[/SS.F…]", "other cards; not another slot of its own", ReadPath),
        new("id", "VVVV:DDDD[:SSSS:SSSS][/SERIAL]", "other cards and another slot; of two alike the serial number tells which", ReadIds),
        new("class", "CC[CC[CC]]", "everything, as long as it is the host's only one of its class", ReadClass),
        ByName,
    ];

    /// <summary>The forms other than an address in one line, for refusals and help.</summary>
    public static string KeyedGrammar { get; } = $"{string.Join(", ", Table.Skip(1).SkipLast(1).Select(Shown))} or {Shown(Table[^1])}";

    /// <summary>All forms in one line.</summary>
    public static string Grammar { get; } = $"{ByAddress.Grammar}, {KeyedGrammar}";

    /// <summary>The form of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The row, or null.</returns>
    public static SelectorForm? Find(string key) => Table.FirstOrDefault(form => form.Key == key);

    /// <summary>Whether a text begins with a form's key and its sign.</summary>
    /// <param name="text">The text.</param>
    /// <returns>True when it does: then it is that, right or wrong.</returns>
    public static bool IsKeyed(string text) => text.IndexOf('=', StringComparison.Ordinal) is var equals and > 0 && Find(text[..equals]) is not null;

    private static string Shown(SelectorForm form) => $"{form.Key}={form.Grammar}";

    private static (DeviceSelector?, int, string) ReadPath(string value)
    {
        string[] parts = value.ToLowerInvariant().Split('/');
        const string Rule = "a path is pciDDDD:BB/SS.F and so on, as 'pcibackflow devices' prints it";
        if (parts[0] is not ['p', 'c', 'i', _, _, _, _, ':', _, _] || !IsHex(parts[0][3..7]) || !IsHex(parts[0][8..]))
        {
            return (null, 0, Rule);
        }

        int at = parts[0].Length + 1;
        foreach (string part in parts[1..])
        {
            if (part is not ['0' or '1', var slot, '.', >= '0' and <= '7'] || !char.IsAsciiHexDigit(slot))
            {
                return (null, at, Rule);
            }

            at += part.Length + 1;
        }

        return parts.Length > 1 ? (new PathSelector(value.ToLowerInvariant()), -1, string.Empty) : (null, value.Length, Rule);
    }

    private static (DeviceSelector?, int, string) ReadIds(string value)
    {
        int slash = value.IndexOf('/', StringComparison.Ordinal);
        string[] ids = (slash < 0 ? value : value[..slash]).Split(':');
        if (ids.Length is not (2 or 4) || !ids.All(static id => id.Length == IdDigits && IsHex(id)))
        {
            return (null, 0, "ids are VVVV:DDDD or VVVV:DDDD:SSSS:SSSS, hexadecimal");
        }

        ushort[] numbers = [.. ids.Select(static id => ushort.Parse(id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))];
        ulong? serial = null;
        if (slash >= 0)
        {
            if (!TrySerial(value[(slash + 1)..], out ulong number))
            {
                return (null, slash + 1, "a serial number is sixteen hexadecimal digits, or eight pairs with '-' between them, as lspci prints it");
            }

            serial = number;
        }

        return (new IdSelector(numbers[0], numbers[1], numbers.Length > 2 ? (numbers[2], numbers[3]) : null, serial), -1, string.Empty);
    }

    private static bool TrySerial(string text, out ulong serial)
    {
        string[] pairs = text.Split('-');
        string digits = pairs.Length == SerialDigits / 2 && pairs.All(static pair => pair.Length == 2) ? string.Concat(pairs) : text;
        serial = 0;
        return digits.Length == SerialDigits && IsHex(digits)
            && ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out serial);
    }

    private static (DeviceSelector?, int, string) ReadClass(string value) => value.Length is 2 or 4 or 6 && IsHex(value)
        ? (new ClassSelector(uint.Parse(value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), value.Length), -1, string.Empty)
        : (null, 0, "a class is two, four or six hexadecimal digits");

    private static bool IsHex(string text) => text.Length > 0 && text.All(char.IsAsciiHexDigit);
}
