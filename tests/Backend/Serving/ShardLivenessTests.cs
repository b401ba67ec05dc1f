using PciBackFlow.Backend.Serving;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>Who is asked whether it lives, and what a shard that sleeps has to say.</summary>
public sealed class ShardLivenessTests
{
    [Fact]
    public async Task A_shard_that_sleeps_is_not_woken_to_say_so()
    {
        List<int> asked = [];
        bool sleeps = true;
        ShardLiveness shards = new(
            2, (shard, action) =>
            {
                lock (asked)
                {
                    asked.Add(shard);
                }

                action();
            },
            shard => shard == 1 && sleeps);

        bool[] answers = await shards.AskAsync(TimeSpan.FromSeconds(20));
        Assert.Equal([true, true], answers);
        Assert.Equal([0], asked);

        sleeps = false;
        answers = await shards.AskAsync(TimeSpan.FromSeconds(20));
        Assert.Equal([true, true], answers);
        Assert.Equal([0, 0, 1], asked.Order());
    }
}
