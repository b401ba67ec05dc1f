namespace PciBackFlow.Stages.Filter;

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
        var rules = new List<PolicyRule>();
        if (deniedBits == 0 || !ByteLanes.IsValid(offset, size, map.Size))
            return rules;
        ref readonly ConfigDword dword = ref map[offset >> 2];
        uint denied = ByteLanes.ToDword(deniedBits, offset) & dword.ByPolicy & ~dword.Denied & ~dword.EffectMask;
        foreach (RegisterRow row in map.RowsAt(offset, size))
        {
            int from = Math.Max(row.Offset, offset & ~3);
            int to = Math.Min(row.Offset + row.Size, (offset & ~3) + 4);
            uint mine = 0;
            for (int b = from; b < to; b++)
                mine |= denied & ByteLanes.Lanes(b, 1);
            if (mine == 0)
                continue;
            // A register's name says more than its offset, and holds where the capability lies elsewhere.
            bool isNamed = row.Size <= 4 && (row.Offset & 3) + row.Size <= 4;
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
}
