using PciBackFlow.Perf.Load;

namespace PciBackFlow.Perf.Tests.Load;

public sealed class ZipfChoiceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(1000)]
    public void The_rank_r_is_chosen_one_rth_as_often_as_the_first(int count)
    {
        const int Choices = 400_000;
        ZipfChoice choice = new(count);
        int[] chosen = new int[count];
        for (int i = 0; i < Choices; i++)
        {
            chosen[choice.Next()]++;
        }

        double sum = Enumerable.Range(1, count).Sum(static rank => 1.0 / rank);
        foreach (int rank in (int[])[1, 2, 3, 10])
        {
            if (rank <= count)
            {
                // Five standard deviations of a binomial count; the generator has a fixed seed, so that is no luck.
                double expected = Choices / (sum * rank);
                Assert.InRange(chosen[rank - 1], expected - (5 * Math.Sqrt(expected)) - 1, expected + (5 * Math.Sqrt(expected)) + 1);
            }
        }
    }
}
