using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Text;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>
/// xl's <c>PCI_SPEC_STRING</c> (docs/man/xl-pci-configuration(5)), read as libxlu reads it (tools/libs/util/libxlu_pci.c) and written. Unlike there nothing may
/// follow a value, no key stands twice, and a switch that is no number is refused: libxlu takes <c>permissive=yes</c> for 0.
/// </summary>
public sealed partial record PciSpec
{
    private const uint MaxSlot = 0x1F;
    private const string AllFunctions = ".*";

    private static readonly string[] Keys =
        [.. SelectorForms.Table.Select(static form => form.Key), "vslot", "permissive", "msitranslate", "seize", "power_mgmt", "rdm_policy"];

    // Until a device is named. No function has this address of PCI's (a segment has 16 bits), and a specification that keeps it is refused.
    private static readonly DeviceSelector Unnamed = DeviceSelector.Of(new PciAddress(uint.MaxValue, 0, 0, 0));

    /// <summary>Reads a specification. Every key may be given once, also as a positional parameter.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="spec">What it says; null when refused.</param>
    /// <param name="errorIndex">Index of the wrong character (the text's length when something is missing at its end); -1 when accepted.</param>
    /// <param name="reason">What is wrong there, for people; empty when accepted.</param>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out PciSpec? spec, out int errorIndex, out string reason)
    {
        spec = new(Unnamed, false, null, false, false, false, false, false);
        HashSet<string> seen = [];
        int at = 0;
        (errorIndex, reason) = (-1, string.Empty);
        while (true)
        {
            int comma = text.IndexOf(',', at);
            int end = comma < 0 ? text.Length : comma;
            if (!TryItem(text[at..end], isFirst: at == 0, seen, ref spec, out int inItem, out reason))
            {
                errorIndex = at + inItem;
                spec = null;
                return false;
            }

            if (comma < 0)
            {
                break;
            }

            at = comma + 1;

            // libxlu goes on while there is text: a comma may end it.
            if (at == text.Length)
            {
                break;
            }
        }

        if (spec.Device != Unnamed)
        {
            return true;
        }

        spec = null;
        errorIndex = text.Length;
        reason = $"a device is named by {SelectorForms.Grammar}";
        return false;
    }

    /// <summary>Reads a specification.</summary>
    /// <param name="text">The whole text.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="FormatException">The text is none; the message names the place and the reason.</exception>
    public static PciSpec Parse(string text) => TryParse(text, out PciSpec? spec, out int index, out string reason)
        ? spec
        : throw new FormatException($"'{text}' is not a PCI device specification: {reason} (character {index + 1})");

    /// <summary>The shortest text that <see cref="Parse"/> reads back as the same.</summary>
    /// <returns><c>dddd:bb:ss.f[@vv][,key=value…]</c>.</returns>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(Address is null ? Device.ToString() : Shown());
        if (VirtualSlot is { } slot)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(Address is null ? ",vslot=" : "@")}{slot:x2}");
        }

        Append(text, "permissive", Permissive);
        Append(text, "msitranslate", MsiTranslate);
        Append(text, "seize", Seize);
        Append(text, "power_mgmt", PowerManagement);
        if (IsRelaxed)
        {
            text.Append(",rdm_policy=relaxed");
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string key, bool value)
    {
        if (value)
        {
            text.Append(',').Append(key).Append("=1");
        }
    }

    private string Shown()
    {
        string address = Address?.ToString() ?? string.Empty;
        return IsAllFunctions ? $"{address[..^AllFunctions.Length]}{AllFunctions}" : address;
    }

    private static bool TryItem(string item, bool isFirst, HashSet<string> seen, ref PciSpec spec, out int errorIndex, out string reason)
    {
        int equals = item.IndexOf('=', StringComparison.Ordinal);
        if (equals >= 0)
        {
            return TryKey(item[..equals], item[(equals + 1)..], equals + 1, seen, ref spec, out errorIndex, out reason);
        }

        if (!isFirst || item.Length == 0)
        {
            errorIndex = isFirst ? 0 : item.Length;
            reason = isFirst ? $"a device is named by {SelectorForms.Grammar}" : "after the address come key=value pairs";
            return false;
        }

        // Positional: bdf[@vslot].
        int slotSign = item.IndexOf('@', StringComparison.Ordinal);
        string address = slotSign < 0 ? item : item[..slotSign];
        if (!TryKey("bdf", address, 0, seen, ref spec, out errorIndex, out reason))
        {
            return false;
        }

        return slotSign < 0 || TryKey("vslot", item[(slotSign + 1)..], slotSign + 1, seen, ref spec, out errorIndex, out reason);
    }

    private static bool TryKey(string key, string value, int valueAt, HashSet<string> seen, ref PciSpec spec, out int errorIndex, out string reason)
    {
        (errorIndex, reason) = (0, string.Empty);
        if (!Keys.Contains(key, StringComparer.Ordinal))
        {
            reason = $"unknown key '{key}'; there are {string.Join(", ", Keys)}";
        }
        else if (!seen.Add(key))
        {
            reason = $"{key} is given twice";
        }
        else if (SelectorForms.Find(key) is not null && spec.Device != Unnamed)
        {
            reason = $"the device is named already, by {spec.Device.Key}: either or, not both";
        }

        if (reason.Length > 0)
        {
            return false;
        }

        errorIndex = valueAt;
        switch (key)
        {
            case "bdf":
                return TryAddress(value, valueAt, ref spec, out errorIndex, out reason);
            case "vslot":
                int behind = 0;
                if (!ScannedHex.TryRead(value, ref behind, MaxSlot, out uint slot) || behind != value.Length)
                {
                    return Wrong("a slot in the guest is hexadecimal, 0 to 1f", out reason);
                }

                spec = spec with { VirtualSlot = (byte)slot };
                return true;
            case "rdm_policy":
                bool isRelaxed = value.Equals("relaxed", StringComparison.OrdinalIgnoreCase);
                if (!isRelaxed && !value.Equals("strict", StringComparison.OrdinalIgnoreCase))
                {
                    return Wrong("rdm_policy is strict or relaxed", out reason);
                }

                spec = spec with { IsRelaxed = isRelaxed };
                return true;
            case var named when SelectorForms.Find(named) is { } form:
                if (!form.TryRead(value, out DeviceSelector? device, out int wrong, out reason))
                {
                    errorIndex = valueAt + wrong;
                    return false;
                }

                spec = spec with { Device = device };
                return true;
            default:
                // libxlu's atoi: nothing is the default, any other number than 0 is on.
                uint number = 0;
                if (value.Length > 0 && !uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number))
                {
                    return Wrong($"{key} is 0 or 1", out reason);
                }

                bool on = number != 0;
                spec = key switch
                {
                    "permissive" => spec with { Permissive = on },
                    "msitranslate" => spec with { MsiTranslate = on },
                    "seize" => spec with { Seize = on },
                    _ => spec with { PowerManagement = on },
                };
                return true;
        }
    }

    private static bool TryAddress(string value, int valueAt, ref PciSpec spec, out int errorIndex, out string reason)
    {
        bool all = value.EndsWith(AllFunctions, StringComparison.Ordinal);
        string text = all ? $"{value[..^1]}0" : value;
        int position = 0;
        if (!ScannedAddress.TryRead(text, ref position, text.AsSpan().Count(':') > 1, out PciAddress address, out reason))
        {
            errorIndex = valueAt + position;
            return false;
        }

        if (position != text.Length)
        {
            errorIndex = valueAt + position;
            return Wrong("nothing follows the function", out reason);
        }

        errorIndex = valueAt;
        if (!XenSegments.Know(address))
        {
            return Wrong(XenSegments.Rule, out reason);
        }

        spec = spec with { Device = DeviceSelector.Of(address), IsAllFunctions = all };
        return true;
    }

    private static bool Wrong(string rule, out string reason)
    {
        reason = rule;
        return false;
    }
}
