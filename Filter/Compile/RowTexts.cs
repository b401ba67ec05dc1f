using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Tables;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Compile;

/// <summary>Turns the owners of bytes into rows for people.</summary>
internal static class RowTexts
{
    private const string UnlistedSource = "no capability claims it; Linux xen-pciback's default (XSA-131)";

    // Where a list cannot be read to its end, what lies there may be a capability's.
    private const string UnseenSource = "no capability that can be read claims it; Linux xen-pciback's default (XSA-131)";

    internal static RegisterRow[] Of(MapBuilder builder, ConfigDword[] dwords, AccessPolicy policy, PolicyRules.Applied applied, CapabilityList list)
    {

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var rows = new List<RegisterRow>();
        foreach ((RegisterDefinition? row, int at, int offset, int size) in builder.Runs())
        {
            string name = row?.Name ?? $"Unlisted 0x{offset:x2}–0x{offset + size - 1:x2}";
            bool isFirst = names.Add(name);
            if (!isFirst)
            {
                names.Add(name = $"{name} at 0x{offset:x2}");
            }

            WriteRule rule = row?.Rule ?? WriteRule.ByPolicy;
            int span = Math.Min(size, 4 - (offset & 3));
            uint lanes = Bits(offset, span);
            ConfigDword dword = dwords[offset >> 2];
            uint allowable = (dword.ByPolicy & ~dword.Denied & ~dword.EffectMask & lanes) >> (8 * (offset & 3));
            bool broken = dword.Denied == uint.MaxValue && rule != WriteRule.HardDenied;
            string writing = broken
                ? "shares its dword with another capability, writes denied in every policy"
                : Writing(row, rule, policy, applied.Describe(offset, size));
            rows.Add(new RegisterRow(
                name,
                offset,
                size,
                broken ? WriteRule.HardDenied : rule,
                $"{Reading(dword, lanes)}; {writing}",
                row?.Source ?? (IsCut(list, offset) ? UnseenSource : UnlistedSource),
                allowable,
                isFirst && row is not null));
        }

        return [.. rows];
    }

    private static bool IsCut(CapabilityList list, int at)
    {
        foreach (CapabilityListDefect defect in list.Defects)
        {
            if (defect.Kind == CapabilityListDefectKind.Truncated && defect.IsExtended == at >= ConfigRegisters.StandardSize)
            {
                return true;
            }
        }

        return false;
    }

    // Three bytes are no access, but a register (the class code) may have them.
    private static uint Bits(int offset, int size)
    {
        uint bits = 0;
        for (int i = 0; i < size; i++)
        {
            bits |= ByteLanes.Lanes(offset + i, 1);
        }

        return bits;
    }

    private static string Reading(ConfigDword dword, uint lanes)
    {
        bool isVirtual = (dword.Virtual & lanes) != 0;
        bool isShadow = (dword.Shadow & lanes) != 0;
        bool isHardware = (~dword.Memory & lanes) != 0;
        return (isVirtual, isShadow, isHardware) switch
        {
            (true, false, false) => "virtual",
            (false, true, false) => "read from the shadow",
            (true, true, false) => "partly virtual, else read from the shadow",
            (true, false, true) => "partly virtual, else read from hardware",
            (false, true, true) => "read partly from the shadow, else from hardware",
            (true, true, true) => "read partly from the shadow, partly virtual, else from hardware",
            _ => "read from hardware",
        };
    }

    private static string Writing(RegisterDefinition? row, WriteRule rule, AccessPolicy policy, string? rules)
    {
        string profile = AccessPolicy.NameOf(policy.Profile.Value);
        string origin = policy.Profile.Origin.Source == SettingSource.BuiltIn ? string.Empty : $" ({policy.Profile.Origin})";
        string text = rule switch
        {
            WriteRule.ByPolicy when policy.Profile.Value == PolicyProfile.Permissive => $"writes pass by {profile} policy{origin}",
            WriteRule.ByPolicy => $"writes denied by {profile} policy{origin}",
            WriteRule.ReadOnly => "writes ignored in every policy",
            WriteRule.Writable => "writes reach hardware",
            WriteRule.Virtual => "writes stay virtual",
            WriteRule.SideEffect => "writes have a rule of their own",
            _ => "writes denied in every policy",
        };
        if (row is { Note.Length: > 0 })
        {
            text = $"{text}: {row.Note}";
        }

        return rules is null ? text : $"{text}; {rules}";
    }
}
