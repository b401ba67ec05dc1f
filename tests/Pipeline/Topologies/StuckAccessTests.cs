using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Topologies;

/// <summary>Accesses that hang: the other lanes go on, and the one that waits is answered in time.</summary>
public sealed class StuckAccessTests
{
    public static MatrixTheoryData<PipelineTopology, int> Work =>
        new(Enum.GetValues<PipelineTopology>(), [(int)ToyWork.StuckThenDone, (int)ToyWork.StuckThenLost]);

    [Theory]
    [MemberData(nameof(Work))]
    public void A_stuck_access_does_not_stop_the_other_lanes_and_keeps_its_deadline(PipelineTopology topology, int work)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 3, deadline: 300);
        toy.Post(0, 1, (ToyWork)work);
        Assert.True(toy.Pages[0].Entered.Wait(5000));
        for (int r = 1; r <= 20; r++)
        {
            toy.Post(1, r);
            toy.Post(2, r);
            Assert.Equal(r * 2, toy.Await(1));
            Assert.Equal(r * 2, toy.Await(2));
        }

        Assert.Equal(ToyPage.Failed, toy.Await(0));
        toy.Pages[0].Gate.Set();
        ToyEngine.Until(() => toy.Counters.LateResults == 1);
        toy.Post(0, 2);
        Assert.Equal(4, toy.Await(0));
        Assert.Equal(2, toy.Pages[0].Answers);
        if (toy.Engine.Topology != PipelineTopology.Dataflow)
        {
            // Pool threads have no role to give away: there the item alone is held up.
            Assert.Equal(1, toy.Counters.Takeovers);
            Assert.Equal(1, toy.Pages[0].StuckMarks);
        }
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void A_stuck_access_that_returns_before_the_deadline_is_answered_with_its_result(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 2, deadline: 60_000);
        toy.Post(0, 21, ToyWork.StuckThenDone);
        Assert.True(toy.Pages[0].Entered.Wait(5000));
        toy.Post(1, 1);
        Assert.Equal(2, toy.Await(1));
        if (toy.Engine.Topology != PipelineTopology.Dataflow)
        {
            ToyEngine.Until(() => toy.Pages[0].StuckMarks == 1);
        }

        toy.Pages[0].Gate.Set();
        Assert.Equal(42, toy.Await(0));
        Assert.Equal(0, toy.Counters.Expired);
        Assert.Equal(0, toy.Pages[0].Discards);
        toy.Post(0, 3);
        Assert.Equal(6, toy.Await(0));
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void An_access_given_up_before_the_deadline_is_answered_with_a_failure(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 1, deadline: 60_000);
        toy.Post(0, 21, ToyWork.StuckThenLost);
        Assert.True(toy.Pages[0].Entered.Wait(5000));
        if (toy.Engine.Topology == PipelineTopology.Dataflow)
        {
            // A pool thread has no role to lose, so its stage has no reason to give up.
            toy.Pages[0].Gate.Set();
            Assert.Equal(42, toy.Await(0));
            return;
        }

        ToyEngine.Until(() => toy.Pages[0].StuckMarks == 1);
        toy.Pages[0].Gate.Set();
        Assert.Equal(ToyPage.Failed, toy.Await(0));
        ToyEngine.Until(() => toy.Pages[0].Discards == 1);
        toy.Post(0, 3);
        Assert.Equal(6, toy.Await(0));
    }
}
