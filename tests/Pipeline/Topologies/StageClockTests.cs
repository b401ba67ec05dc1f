using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Topologies;

/// <summary>The times of the stages.</summary>
public sealed class StageClockTests
{
    [Theory]
    [ClassData<EveryTopology>]
    public void The_stage_clock_times_every_nth_item_and_nothing_when_off(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology));
        Run(10);
        Assert.All(toy.Engine.ReadStageTimings(), t => Assert.Equal(0, t.Count));
        toy.Engine.SampleStages(5);
        Run(50);
        ToyEngine.Until(() => toy.Engine.ReadStageTimings()[^1].Count == 10);
        Assert.Equal(
            ["ingest", "decode", "filter", "execute", "respond", "notify", "handover", "total"],
            toy.Engine.ReadStageTimings().Select(t => t.Name));
        Assert.All(toy.Engine.ReadStageTimings(), t => Assert.Equal(10, t.Count));
        Assert.True(toy.Engine.ReadStageTimings()[^1].TotalNanoseconds > 0);

        // The same seen from outside, without asking the shard.
        Assert.Equal(10, toy.Engine.ReadPassages().Sum(times => times.Count()));
        Assert.Equal(toy.Engine.ReadStageTimings()[^1].TotalNanoseconds, toy.Engine.ReadPassages().Sum(times => times.TotalNanoseconds));
        Assert.Equal(toy.Engine.ReadCounters().Served, toy.Engine.ReadShards().Sum(shard => shard.Served));

        void Run(int count)
        {
            for (int r = 1; r <= count; r++)
            {
                toy.Post(0, r);
                toy.SpinAwait(0);
            }
        }
    }
}
