using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;

namespace PciBackFlow.Filter.Map;

/// <summary>The least that a policy has to allow for a denied write to pass.</summary>
public static class PolicySuggestion
{
    /// <summary>Rules that would open what was dropped: one for each register. For people: allocates.</summary>
    /// <param name="map">The function's map.</param>
    /// <param name="offset">The write's offset.</param>
    /// <param name="size">The write's size.</param>
    /// <param name="deniedBits">What was dropped, in the write's lanes (<see cref="AccessPlan.DeniedBits"/>).</param>
    /// <returns>The rules; none when no policy can open any of it.</returns>
    public static IReadOnlyList<PolicyRule> For(ConfigSpaceMap map, int offset, int size, uint deniedBits)
    {
        if (deniedBits == 0 || !ByteLanes.IsValid(offset, size, map.Size))
        {
            return [];
        }

        var registers = new List<(string, int, int, bool)>();
        foreach (RegisterRow row in map.RowsAt(offset, size))
        {
            registers.Add((row.Name, row.Offset, row.Size, row.IsNamed));
        }

        return For(registers, offset, size, Openable(map, offset, deniedBits));
    }

    /// <summary>Rules that would open what was dropped: one for each register. For people: allocates.</summary>
    /// <param name="registers">The registers that the write touches, by offset: name, first byte, bytes, and whether a policy rule can name it.</param>
    /// <param name="offset">The write's offset; aligned.</param>
    /// <param name="size">The write's size.</param>
    /// <param name="denied">What was dropped and a policy can open, in the lanes of the write's dword.</param>
    /// <returns>The rules.</returns>
    public static IReadOnlyList<PolicyRule> For(
        IReadOnlyList<(string Name, int Offset, int Size, bool IsNamed)> registers, int offset, int size, uint denied)
    {
        var rules = new List<PolicyRule>();
        foreach ((string Name, int Offset, int Size, bool IsNamed) row in registers)
        {
            int from = Math.Max(row.Offset, offset & ~3);
            int to = Math.Min(row.Offset + row.Size, (offset & ~3) + 4);
            uint mine = 0;
            for (int b = from; b < to; b++)
            {
                mine |= denied & ByteLanes.Lanes(b, 1);
            }

            if (mine == 0)
            {
                continue;
            }

            // A register's name says more than its offset, and holds where the capability lies elsewhere.
            bool isNamed = row.IsNamed && row.Size <= 4 && (row.Offset & 3) + row.Size <= 4;
            int at = isNamed ? row.Offset : offset;
            rules.Add(new PolicyRule
            {
                Register = isNamed ? row.Name : null,
                Offset = isNamed ? 0 : offset,
                Size = isNamed ? 0 : size,
                Mask = mine >> (8 * (at & 3)),
            });
        }

        return rules;
    }

    /// <summary>One rule that would open what was dropped: the register's where one register is concerned, else one by offset.</summary>
    /// <param name="map">The function's map.</param>
    /// <param name="offset">The write's offset.</param>
    /// <param name="size">The write's size.</param>
    /// <param name="deniedBits">What was dropped, in the write's lanes.</param>
    /// <returns>The rule; null when no policy can open any of it.</returns>
    public static PolicyRule? OneFor(ConfigSpaceMap map, int offset, int size, uint deniedBits)
    {
        IReadOnlyList<PolicyRule> rules = For(map, offset, size, deniedBits);
        return rules.Count switch
        {
            0 => null,
            1 => rules[0],
            _ => new() { Offset = offset, Size = size, Mask = ByteLanes.FromDword(Openable(map, offset, deniedBits), offset, size) },
        };
    }

    /// <summary>Puts rules for the same place together: the smallest set that allows what all of them allow.</summary>
    /// <param name="rules">Rules as suggested for one write after the other.</param>
    /// <returns>One rule for each register, and one for each dword where no register has a name, in the order of their first occurrence.</returns>
    public static IReadOnlyList<PolicyRule> Merge(IEnumerable<PolicyRule> rules)
    {
        var merged = new List<PolicyRule>();
        foreach (PolicyRule rule in rules)
        {
            int at = merged.FindIndex(known => known.Allow == rule.Allow && IsSamePlace(known, rule));
            if (at < 0)
            {
                merged.Add(rule);
            }
            else
            {
                merged[at] = Join(merged[at], rule);
            }
        }

        return merged;
    }

    private static uint Openable(ConfigSpaceMap map, int offset, uint deniedBits)
    {
        ref readonly ConfigDword dword = ref map[offset >> 2];
        return ByteLanes.ToDword(deniedBits, offset) & dword.ByPolicy & ~dword.Denied & ~dword.EffectMask;
    }

    private static bool IsSamePlace(PolicyRule one, PolicyRule other) =>
        one.Register is null && other.Register is null && one.Size != 0 && other.Size != 0
            ? one.Offset >> 2 == other.Offset >> 2
            : (one.Register, one.Offset, one.Size) == (other.Register, other.Offset, other.Size);

    // Accesses are aligned, so two in one dword have a smallest aligned block that holds both.
    private static PolicyRule Join(PolicyRule one, PolicyRule other)
    {
        if (one.Offset == other.Offset && one.Size == other.Size)
        {
            return one with { Mask = one.Mask | other.Mask };
        }

        int size = Math.Max(one.Size, other.Size);
        while ((one.Offset & -size) != (other.Offset & -size))
        {
            size *= 2;
        }

        int offset = one.Offset & -size;
        return one with
        {
            Offset = offset,
            Size = size,
            Mask = (one.Mask << (8 * (one.Offset - offset))) | (other.Mask << (8 * (other.Offset - offset))),
        };
    }
}
