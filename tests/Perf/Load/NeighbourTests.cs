using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Perf.Tests.Load;

public sealed class NeighbourTests
{
    [Theory]
    [InlineData("slow=5ms", NeighbourKind.Slow, 5, "slow=5ms")]
    [InlineData("slow=250us", NeighbourKind.Slow, 0.25, "slow=0.25ms")]
    [InlineData("slow=1.5s", NeighbourKind.Slow, 1500, "slow=1500ms")]
    [InlineData("slow=60s", NeighbourKind.Slow, 60_000, "slow=60000ms")]
    [InlineData("slow=1us", NeighbourKind.Slow, 0.001, "slow=0.001ms")]
    [InlineData("access=20ms", NeighbourKind.Access, 20, "access=20ms")]
    [InlineData("access=1us", NeighbourKind.Access, 0.001, "access=0.001ms")]
    [InlineData("hang=5s", NeighbourKind.Hang, 5000, "hang=5000ms")]
    [InlineData("hang=1000ms", NeighbourKind.Hang, 1000, "hang=1000ms")]
    [InlineData("hung", NeighbourKind.Hang, 5000, "hang=5000ms")]
    [InlineData("storm", NeighbourKind.Storm, 0, "storm")]
    [InlineData("zipf", NeighbourKind.Zipf, 0, "zipf")]
    public void A_word_says_what_they_do_and_for_how_long(string word, NeighbourKind kind, double milliseconds, string text)
    {
        Assert.True(Neighbour.TryParse(word, out Neighbour? neighbour));
        Assert.Equal(kind, neighbour.Kind);
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
    [InlineData("access")]
    [InlineData("hang=")]
    [InlineData("hang=999ms")]
    [InlineData("hang=61s")]
    [InlineData("fast=5ms")]
    [InlineData("storm=5ms")]
    [InlineData("zipf=")]
    [InlineData("Storm")]
    [InlineData("Slow=5ms")]
    [InlineData("slow=999999999999999999999999s")]
    public void Anything_else_is_none(string word) => Assert.False(Neighbour.TryParse(word, out _));

    [Fact]
    public void One_function_in_ten_is_one() => Assert.Equal([9, 19, 29], Enumerable.Range(0, 30).Where(Neighbour.IsOne));
}
