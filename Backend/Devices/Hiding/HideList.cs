using PciBackFlow.Backend.Selection;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Text;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Hiding;

/// <summary>
/// The devices a host's drivers must not get, in the words of Linux xen-pciback's <c>hide</c> parameter (drivers/xen/xen-pciback/pci_stub.c):
/// <c>(0000:03:00.0)(04:00.*)(05:*.*)</c>, hexadecimal, a segment of 0 when absent, white space around items allowed;
/// and in a selector's (<see cref="SelectorForms"/>): <c>(path=pci0000:00/1c.0/00.0)</c>. There one wrong
/// character makes the driver hide nothing at all; here what is wrong is a complaint with its place, and every other item holds. Immutable.
/// </summary>
public sealed class HideList
{
    private const string Wildcard = "*";

    // Command-line parameters are "module.parameter"; the kernel takes - and _ in them for the same.
    private static readonly string[] ParameterNames = ["xen-pciback.hide", "pciback.hide", "pcibackflow.hide"];

    private HideList(IReadOnlyList<HideItem> items, IReadOnlyList<HideComplaint> complaints)
    {
        Items = items;
        Complaints = complaints;
    }

    /// <summary>A list that hides nothing.</summary>
    public static HideList Empty { get; } = new([], []);

    /// <summary>What the list names, in its order.</summary>
    public IReadOnlyList<HideItem> Items { get; }

    /// <summary>What in the text is no item, in its order.</summary>
    public IReadOnlyList<HideComplaint> Complaints { get; }

    /// <summary>Reads a list.</summary>
    /// <param name="text">The list.</param>
    /// <returns>Items and complaints. Never throws.</returns>
    public static HideList Parse(string text)
    {
        List<HideItem> items = [];
        List<HideComplaint> complaints = [];
        int position = 0;
        while (position < text.Length)
        {
            if (char.IsWhiteSpace(text[position]))
            {
                position++;
                continue;
            }

            int start = position;
            if (text[position] == '(')
            {
                if (TryItem(text, ref position, out HideItem item, out string reason))
                {
                    items.Add(item);
                    continue;
                }

                complaints.Add(Complain(text, start, ref position, reason));
                continue;
            }

            complaints.Add(Complain(text, start, ref position, "an item begins with '('"));
        }

        return new(items, complaints);
    }

    /// <summary>
    /// Finds the list on a kernel's command line: <c>xen-pciback.hide=</c>, <c>pciback.hide=</c> or <c>pcibackflow.hide=</c>, quoted or not. Of several of one
    /// name the last holds, as with the kernel's own parameters; different names add up.
    /// </summary>
    /// <param name="commandLine">The text of <c>/proc/cmdline</c>.</param>
    /// <returns>Items and complaints; empty when the line has no such parameter. Indexes count from the joined list, not from the line.</returns>
    public static HideList FromCommandLine(string commandLine)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string word in Words(commandLine))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                continue;
            }

            string name = word[..equals].Replace('_', '-');
            if (ParameterNames.Contains(name, StringComparer.Ordinal))
            {
                values[name] = word[(equals + 1)..];
            }
        }

        return Parse(string.Join(' ', values.OrderBy(value => value.Key, StringComparer.Ordinal).Select(value => value.Value)));
    }

    /// <summary>What the list means on a host.</summary>
    /// <param name="host">All functions of the host.</param>
    /// <returns>The functions it names.</returns>
    public HideChoice On(IReadOnlyCollection<DeviceCandidate> host) => new(this, host);

    /// <summary>The items only; as long as they are addresses, xen-pciback would accept it.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Concat(Items);

    // After a mistake the next '(' is the next item, even inside the wrong one: a forgotten ')' costs one item.
    private static HideComplaint Complain(string text, int start, ref int position, string reason)
    {
        int wrong = Math.Min(position, text.Length);
        int next = text.IndexOf('(', Math.Min(Math.Max(wrong, start + 1), text.Length));
        position = next < 0 ? text.Length : next;
        return new(wrong, text[start..position].TrimEnd(), reason);
    }

    private static bool TryItem(string text, ref int position, out HideItem item, out string reason)
    {
        item = default;
        int start = position++;
        int end = text.AsSpan(position).IndexOfAny('(', ')');
        ReadOnlySpan<char> inside = end < 0 ? text.AsSpan(position) : text.AsSpan(position, end);
        int equals = inside.IndexOf('=');
        if (equals >= 0)
        {
            if (!inside[..equals].Trim().SequenceEqual(SelectorForms.ByAddress.Key))
            {
                return TrySelector(text, ref position, out item, out reason);
            }

            // bdf= is what is meant without it, wildcards included.
            position += equals + 1;
        }

        uint domain = 0;
        byte? slot = null;
        byte? function = null;

        // Two dots are a dot in a colon's place: then the address was meant to have all of its parts.
        if (inside.Count(':') >= 2 || inside.Count('.') >= 2)
        {
            ScannedHex.SkipSpace(text, ref position);
            int segment = position;
            if (!TryNumber(text, ref position, uint.MaxValue, "a segment is hexadecimal", out domain, out reason)
                || !TryCharacter(text, ref position, ':', "':' stands between segment and bus", out reason))
            {
                return false;
            }

            // xen-pciback refuses it as well (pcistub_device_id_add). Hidden it could be given to nobody, and the host would not have it either.
            if (!XenSegments.Know(new PciAddress(domain, 0, 0, 0)))
            {
                position = segment;
                reason = XenSegments.Rule;
                return false;
            }
        }

        if (!TryNumber(text, ref position, 0xFF, "a bus is hexadecimal, 00 to ff", out uint bus, out reason)
            || !TryCharacter(text, ref position, ':', "':' stands between bus and slot", out reason))
        {
            return false;
        }

        bool isWholeBus = Skip(text, ref position, Wildcard);
        if (!isWholeBus)
        {
            if (!TryNumber(text, ref position, 0x1F, "a slot is hexadecimal, 00 to 1f, or '*'", out uint number, out reason))
            {
                return false;
            }

            slot = (byte)number;
        }

        if (!TryCharacter(text, ref position, '.', "'.' stands between slot and function", out reason))
        {
            return false;
        }

        if (!Skip(text, ref position, Wildcard))
        {
            if (isWholeBus)
            {
                reason = "all slots go with all functions: *.*";
                return false;
            }

            if (!TryNumber(text, ref position, 7, "a function is 0 to 7, or '*'", out uint number, out reason))
            {
                return false;
            }

            function = (byte)number;
        }

        if (!TryCharacter(text, ref position, ')', "')' ends an item", out reason))
        {
            return false;
        }

        item = new(new HidePattern(domain, (byte)bus, slot, function), null, text[start..position]);
        return true;
    }

    // At boot nobody knows names: they are in the daemon's state.
    private static bool TrySelector(string text, ref int position, out HideItem item, out string reason)
    {
        item = default;
        int start = position - 1;
        ScannedHex.SkipSpace(text, ref position);
        int equals = text.IndexOf('=', position);
        if (SelectorForms.Find(text[position..equals]) is not { } form || form == SelectorForms.ByName)
        {
            reason = "a device to hide is named by its address, or by path=, id= or class=";
            return false;
        }

        int value = position = equals + 1;
        while (position < text.Length && text[position] is not ('(' or ')') && !char.IsWhiteSpace(text[position]))
        {
            position++;
        }

        if (!form.TryRead(text[value..position], out DeviceSelector? selector, out int wrong, out reason))
        {
            position = value + wrong;
            return false;
        }

        if (!TryCharacter(text, ref position, ')', "')' ends an item", out reason))
        {
            return false;
        }

        item = new(null, selector, text[start..position]);
        return true;
    }

    private static bool TryNumber(string text, ref int position, uint max, string rule, out uint number, out string reason)
    {
        bool isRead = ScannedHex.TryRead(text, ref position, max, out number);
        reason = isRead ? string.Empty : rule;
        return isRead;
    }

    private static bool TryCharacter(string text, ref int position, char expected, string rule, out string reason)
    {
        ScannedHex.SkipSpace(text, ref position);
        bool isThere = position < text.Length && text[position] == expected;
        reason = isThere ? string.Empty : rule;
        if (isThere)
        {
            position++;
        }

        return isThere;
    }

    private static bool Skip(string text, ref int position, string word)
    {
        ScannedHex.SkipSpace(text, ref position);
        bool isThere = string.CompareOrdinal(text, position, word, 0, word.Length) == 0;
        if (isThere)
        {
            position += word.Length;
        }

        return isThere;
    }

    // White space separates words except between double quotes, which the kernel removes (lib/cmdline.c).
    private static IEnumerable<string> Words(string line)
    {
        System.Text.StringBuilder word = new();
        bool isQuoted = false;
        foreach (char character in line)
        {
            if (character == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (char.IsWhiteSpace(character) && !isQuoted)
            {
                yield return word.ToString();
                word.Clear();
            }
            else
            {
                word.Append(character);
            }
        }

        yield return word.ToString();
    }
}
