using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Topologies;

/// <summary>Operations of one lane that hang, one after the other: more of them than there are workers.</summary>
public sealed class HungWorkerTests
{
    [Theory]
    [ClassData<EveryTopology>]
    public void However_many_operations_of_one_lane_hang_another_lanes_are_carried_out(PipelineTopology topology)
    {
        const int Hung = 8;
        using var toy = new ToyEngine(EveryTopology.Options(topology), 2, deadline: 20);
        toy.Items[1].Deadline = 60_000;
        for (int r = 1; r <= Hung; r++)
        {
            toy.Post(0, r, ToyWork.OffloadedGated);
            Assert.Equal(ToyPage.Failed, toy.Await(0));
            toy.Post(1, r, ToyWork.Offloaded);
            Assert.Equal(r * 2, toy.Await(1, 30_000));
        }

        // Some were late before their turn came; none of those that had it kept a worker for itself.
        int inside = toy.Pages[0].Executions;
        ToyEngine.Until(() => toy.Counters.ReplacedWorkers == inside && toy.Pages[0].StuckMarks == inside);
        Assert.Equal(Hung, toy.Counters.Expired);
        toy.Pages[0].Gate.Set();
        ToyEngine.Until(() => toy.Counters.LateResults == Hung);
        Assert.Equal((Hung, 0), (toy.Pages[0].Answers, toy.Pages[0].Strays));
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void One_that_comes_back_after_it_was_replaced_changes_nothing_any_more(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 1, deadline: 20);
        toy.Post(0, 1, ToyWork.OffloadedGated);
        Assert.Equal(ToyPage.Failed, toy.Await(0));
        ToyEngine.Until(() => toy.Counters.ReplacedWorkers == 1);
        toy.Pages[0].Gate.Set();
        // It is counted after it is discarded.
        ToyEngine.Until(() => toy.Counters.LateResults == 1);
        Assert.Equal((1, 1, 0), (toy.Pages[0].Discards, toy.Pages[0].Answers, toy.Pages[0].Strays));
        Assert.Equal((1, 1), (toy.Counters.ReplacedWorkers, toy.Counters.LateResults));
    }
}
