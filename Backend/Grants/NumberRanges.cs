namespace PciBackFlow.Backend.Grants;

/// <summary>Ranges of frames or ports.</summary>
internal static class NumberRanges
{
    /// <summary>What of a range no other range covers: only that may be revoked while the others are still granted.</summary>
    /// <param name="first">First number.</param>
    /// <param name="count">How many.</param>
    /// <param name="others">The ranges that stay.</param>
    /// <returns>The parts, rising.</returns>
    public static IReadOnlyList<(ulong First, ulong Count)> Except(ulong first, ulong count, IEnumerable<(ulong First, ulong Count)> others)
    {
        List<(ulong First, ulong Count)> parts = [];
        ulong end = first + count;
        foreach ((ulong otherFirst, ulong otherCount) in others.OrderBy(static other => other.First))
        {
            ulong otherEnd = otherFirst + otherCount;
            if (otherEnd <= first || otherFirst >= end)
            {
                continue;
            }

            if (otherFirst > first)
            {
                parts.Add((first, otherFirst - first));
            }

            first = Math.Min(otherEnd, end);
        }

        if (first < end)
        {
            parts.Add((first, end - first));
        }

        return parts;
    }
}
