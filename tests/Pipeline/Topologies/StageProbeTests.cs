using System.Diagnostics;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Topologies;

/// <summary>A look at the stages that somebody takes for a while.</summary>
public sealed class StageProbeTests
{
    [Theory]
    [ClassData<EveryTopology>]
    public void A_probe_times_every_nth_of_the_wanted_items_only_and_leaves_the_shards_clock_alone(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 2);
        toy.Engine.SampleStages(10);
        ToyItem wanted = toy.Items[0];
        Assert.Null(toy.Engine.EndProbe());
        Assert.True(toy.Engine.TryStartProbe(4, item => item == wanted));
        Assert.False(toy.Engine.TryStartProbe(1, static _ => true));
        Run(toy, 0, 1, 20);
        Run(toy, 1, 1, 20);
        ToyEngine.Until(() => toy.Engine.ReadStageTimings()[^1].Count == 4);

        ProbedStages found = toy.Engine.EndProbe()!;
        Run(toy, 0, 21, 20);

        Assert.Equal(20, found.Items);
        Assert.Equal(
            ["ingest", "decode", "filter", "execute", "respond", "notify", "handover", "total"], found.Timings.Select(timing => timing.Name));
        Assert.All(found.Timings, timing => Assert.Equal(5, timing.Count));
        Assert.Equal(5, found.Totals.Sum(total => total.Count));
        Assert.Equal(found.Totals.Select(total => total.Nanoseconds).Order(), found.Totals.Select(total => total.Nanoseconds));
        Assert.InRange(found.Timings[^1].P50Nanoseconds, found.Totals[0].Nanoseconds, found.Totals[^1].Nanoseconds);

        // Of the timed ones: 1, 5, 9, 13 and 17, each of which says that its two accesses took as many ticks.
        Assert.Equal((10L, 45 * (1e9 / Stopwatch.Frequency)), (found.Accesses, found.AccessNanoseconds));

        // Another look begins anew; of one item it times the first.
        Assert.Null(toy.Engine.EndProbe());
        Assert.True(toy.Engine.TryStartProbe(1000, static _ => true));
        Run(toy, 1, 21, 1);
        ToyEngine.Until(() => toy.Engine.ReadCounters().Served == 61);
        found = toy.Engine.EndProbe()!;
        Assert.Equal((1L, 1L), (found.Items, found.Timings[^1].Count));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1_000_001)]
    public void A_probe_of_every_nth_item_needs_a_number_in_range(int every)
    {
        using var toy = new ToyEngine(EveryTopology.Options(PipelineTopology.Fused));
        Assert.Throws<ArgumentOutOfRangeException>(() => toy.Engine.TryStartProbe(every, static _ => true));
        Assert.Null(toy.Engine.EndProbe());
    }

    [Fact]
    public void A_probe_that_nothing_came_to_says_so()
    {
        using var toy = new ToyEngine(EveryTopology.Options(PipelineTopology.Fused));
        Assert.True(toy.Engine.TryStartProbe(1, static _ => true));
        ProbedStages found = toy.Engine.EndProbe()!;
        Assert.Equal(0, found.Items);
        Assert.Empty(found.Totals);
        Assert.All(found.Timings, timing => Assert.Equal(0, timing.Count));
    }

    private static void Run(ToyEngine toy, int lane, int first, int count)
    {
        for (int r = first; r < first + count; r++)
        {
            toy.Post(lane, r);
            toy.SpinAwait(lane);
        }
    }
}
