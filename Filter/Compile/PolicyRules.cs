using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Compile;

/// <summary>Applies a policy's quirks and rules to a map under construction.</summary>
internal static class PolicyRules
{
    internal static Applied Apply(AccessPolicy policy, MapBuilder builder, CapabilityList list, int readable)
    {
        var applied = new Applied();
        foreach (QuirkField quirk in policy.Quirks)
        {
            string text = $"quirk {quirk.Offset:x8}:{quirk.Size:x}:{quirk.Mask:x8} ({quirk.Origin})";
            Decide(builder, applied, text, quirk.Offset, quirk.Size, quirk.Mask, allow: true);
        }

        foreach (PolicyRule rule in policy.Rules)
        {
            string name = rule.Register ?? $"0x{rule.Offset:x3}";
            string why = rule.Reason.Length == 0 ? string.Empty : $": {rule.Reason}";
            string text = $"{(rule.Allow ? "allow" : "deny")} rule for {name} ({rule.Origin}{why})";
            if (TryPlace(rule, builder, list, out int offset, out int size))
            {
                Decide(builder, applied, text, offset, size, rule.Mask, rule.Allow);
            }
            else
            {
                // What lies behind the end of what can be read nobody knows.
                builder.PolicyProblems.Add(readable < builder.Size
                    ? $"{text}: not among the {readable} bytes of the function that can be read"
                    : $"{text}: the function has no such register");
            }
        }

        return applied;
    }

    private static bool TryPlace(PolicyRule rule, MapBuilder builder, CapabilityList list, out int offset, out int size)
    {
        offset = rule.Offset;
        size = rule.Size == 0 ? 4 : rule.Size;
        if (rule.Register is null)
        {
            return true;
        }

        if (builder.TryFind(rule.Register, out int at, out int own))
        {
            offset += at;
            size = rule.Size == 0 ? Math.Min(own, 4) : rule.Size;
            return true;
        }

        if (!HiddenCapabilities.TryParse(rule.Register, out ushort id, out bool isExtended))
        {
            return false;
        }

        foreach (PciCapability capability in list.Capabilities)
        {
            if (capability.Id != id || capability.IsExtended != isExtended)
            {
                continue;
            }

            offset += capability.Offset;
            return true;
        }

        return false;
    }

    // Byte by byte, so that neither alignment nor a dword's edge matters.
    private static void Decide(MapBuilder builder, Applied applied, string text, int offset, int size, uint mask, bool allow)
    {
        if (offset < 0 || size is < 1 or > 4 || offset + size > builder.Size)
        {
            builder.PolicyProblems.Add($"{text}: outside the {builder.Size} bytes of the function");
            return;
        }

        uint missed = 0;
        for (int i = 0; i < size; i++)
        {
            uint asked = ByteLanes.FromDword(mask, i, 1);
            uint bits = builder.Decide(offset + i, asked, allow);
            missed |= ByteLanes.ToDword(asked & ~bits, i);
            if (bits != 0)
            {
                applied.Add(offset + i, bits, text, allow);
            }
        }

        if (missed != 0)
        {
            builder.PolicyProblems.Add($"{text}: bits 0x{missed:x} have a rule of their own and stay as they are");
        }
    }

    /// <summary>What was decided where, for the texts of the rows.</summary>
    internal sealed class Applied
    {
        private readonly List<(int Offset, uint Bits, string Text, bool Allow)> _bytes = [];

        internal void Add(int offset, uint bits, string text, bool allow) => _bytes.Add((offset, bits, text, allow));

        internal string? Describe(int offset, int size)
        {
            string? all = null;
            string? last = null;
            foreach ((int at, uint _, string? text, bool _) in _bytes)
            {
                if (at < offset || at >= offset + size || text == last)
                {
                    continue;
                }

                last = text;
                all = all is null ? text : $"{all}; {text}";
            }

            return all;
        }
    }
}
