namespace PciBackFlow.Pipeline;

/// <summary>How long the sampled items of one shard, or of several, took through all stages: how many of them up to each bound.</summary>
/// <param name="Counts">Items between the bound before and this one, for each of <see cref="UpperBounds"/>; then those above the last.</param>
/// <param name="TotalNanoseconds">Sum over the items, in nanoseconds.</param>
public sealed record PassageTimes(IReadOnlyList<long> Counts, long TotalNanoseconds)
{
    private static readonly long[] Bounds =
    [
        1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
        1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000, 100_000_000, 200_000_000, 500_000_000, 1_000_000_000,
    ];

    /// <summary>The bounds, ascending, in nanoseconds, each inclusive: 1, 2 and 5 of every power of ten from a microsecond to a second.</summary>
    public static IReadOnlyList<long> UpperBounds => Bounds;

    /// <summary>No item.</summary>
    public static PassageTimes None { get; } = new(new long[Bounds.Length + 1], 0);

    /// <summary>Which of the counts an item belongs to.</summary>
    /// <param name="nanoseconds">What it took, in nanoseconds.</param>
    /// <returns>0 to the number of bounds.</returns>
    public static int PlaceOf(long nanoseconds)
    {
        int place = Bounds.AsSpan().BinarySearch(nanoseconds);
        return place < 0 ? ~place : place;
    }

    /// <summary>How many items there are.</summary>
    /// <returns>0 while nothing is sampled.</returns>
    public long Count()
    {
        long count = 0;
        foreach (long some in Counts)
        {
            count += some;
        }

        return count;
    }

    /// <summary>Both together.</summary>
    /// <param name="other">Other items.</param>
    /// <returns>The sum.</returns>
    public PassageTimes With(PassageTimes other) => Combine(other, 1);

    /// <summary>The items that came after a moment.</summary>
    /// <param name="earlier">What was counted at that moment; more than now when the counts have begun anew since.</param>
    /// <returns>The difference; all of it when the counts have begun anew.</returns>
    public PassageTimes Since(PassageTimes earlier)
    {
        for (int i = 0; i < Counts.Count; i++)
        {
            if (Counts[i] < earlier.Counts[i])
            {
                return this;
            }
        }

        return Combine(earlier, -1);
    }

    /// <summary>The time that a share of the items did not exceed, estimated between two bounds.</summary>
    /// <param name="share">0 to 1.</param>
    /// <returns>Nanoseconds; the last bound for what lies above it; null when there is no item.</returns>
    public long? QuantileNanoseconds(double share)
    {
        long count = Count();
        if (count == 0)
        {
            return null;
        }

        double rank = Math.Max(1, share * count);
        long below = 0;
        for (int i = 0; i < Bounds.Length; i++)
        {
            if (below + Counts[i] >= rank)
            {
                long lower = i == 0 ? 0 : Bounds[i - 1];
                return lower + (long)((Bounds[i] - lower) * ((rank - below) / Counts[i]));
            }

            below += Counts[i];
        }

        return Bounds[^1];
    }

    private PassageTimes Combine(PassageTimes other, int sign)
    {
        long[] counts = new long[Counts.Count];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = Counts[i] + (sign * other.Counts[i]);
        }

        return new(counts, TotalNanoseconds + (sign * other.TotalNanoseconds));
    }
}
