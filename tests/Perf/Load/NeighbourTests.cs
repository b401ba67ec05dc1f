using PciBackFlow.Perf.Load;

namespace PciBackFlow.Perf.Tests.Load;

public sealed class NeighbourTests
{
    [Theory]
    [InlineData("slow=5ms", 5, "slow=5ms")]
    [InlineData("slow=250us", 0.25, "slow=0.25ms")]
    [InlineData("slow=1.5s", 1500, "slow=1500ms")]
    [InlineData("slow=60s", 60_000, "slow=60000ms")]
    [InlineData("slow=1us", 0.001, "slow=0.001ms")]
    public void A_word_says_what_they_do_and_for_how_long(string word, double milliseconds, string text)
    {
        Assert.True(Neighbour.TryParse(word, out Neighbour? neighbour));
        Assert.Equal(NeighbourKind.Slow, neighbour.Kind);
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), neighbour.Time);
        Assert.Equal(text, neighbour.ToString());
        Assert.True(Neighbour.TryParse(text, out Neighbour? again));
        Assert.Equal(neighbour, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("slow")]
    [InlineData("slow=")]
    [InlineData("slow=5")]
    [InlineData("slow=-5ms")]
    [InlineData("slow=0ms")]
    [InlineData("slow=61s")]
    [InlineData("slow=5 ms")]
    [InlineData("slow=5ms=3")]
    [InlineData("fast=5ms")]
    [InlineData("Slow=5ms")]
    [InlineData("slow=999999999999999999999999s")]
    public void Anything_else_is_none(string word) => Assert.False(Neighbour.TryParse(word, out _));

    [Fact]
    public void One_function_in_ten_is_one() => Assert.Equal([9, 19, 29], Enumerable.Range(0, 30).Where(Neighbour.IsOne));
}
