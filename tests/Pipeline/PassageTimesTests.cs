namespace PciBackFlow.Pipeline.Tests;

public sealed class PassageTimesTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1_000, 0)]
    [InlineData(1_001, 1)]
    [InlineData(2_000, 1)]
    [InlineData(1_000_000_000, 18)]
    [InlineData(1_000_000_001, 19)]
    public void A_bound_belongs_to_what_lies_below_it(long nanoseconds, int place)
    {
        Assert.Equal(place, PassageTimes.PlaceOf(nanoseconds));
        Assert.InRange(place, 0, PassageTimes.None.Counts.Count - 1);
    }

    [Fact]
    public void A_quantile_lies_between_the_bounds_of_its_place_and_there_is_none_of_nothing()
    {
        PassageTimes times = Of(500, 1_500, 1_600, 4_000);

        Assert.InRange(times.QuantileNanoseconds(0.5)!.Value, 1_000, 2_000);
        Assert.InRange(times.QuantileNanoseconds(0.99)!.Value, 2_000, 5_000);
        Assert.Equal(1_000_000_000, Of(2_000_000_000).QuantileNanoseconds(0.5));
        Assert.Null(PassageTimes.None.QuantileNanoseconds(0.5));
    }

    [Fact]
    public void What_came_since_a_moment_is_the_difference_and_after_a_new_start_all_of_it()
    {
        PassageTimes before = Of(500, 1_500);
        PassageTimes now = before.With(Of(1_500, 8_000));

        Assert.Equal((2, 9_500), (now.Since(before).Count(), now.Since(before).TotalNanoseconds));
        Assert.Equal(2, before.Since(now).Count());
        Assert.Same(before, before.Since(now));
    }

    private static PassageTimes Of(params long[] nanoseconds)
    {
        long[] counts = new long[PassageTimes.UpperBounds.Count + 1];
        foreach (long one in nanoseconds)
        {
            counts[PassageTimes.PlaceOf(one)]++;
        }

        return new(counts, nanoseconds.Sum());
    }
}
