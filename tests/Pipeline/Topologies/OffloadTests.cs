using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Topologies;

/// <summary>Items that leave the shard for a worker: the deadline and the race with it.</summary>
public sealed class OffloadTests
{
    [Theory]
    [ClassData<EveryTopology>]
    public void An_offloaded_item_is_executed_elsewhere_and_answered_by_the_shard(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology));
        int shard = 0;
        toy.Engine.Invoke(0, () => shard = Environment.CurrentManagedThreadId);
        for (int r = 1; r <= 50; r++)
        {
            toy.Post(0, r, ToyWork.Offloaded);
            Assert.Equal(r * 2, toy.SpinAwait(0));
            Assert.Equal(shard, toy.Pages[0].AnsweringThread);
        }

        Assert.Contains(toy.Engine.ReadThreads(), t => t.Name.StartsWith("worker", StringComparison.Ordinal) && t.Stages.Contains("execute"));
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void A_worker_that_misses_the_deadline_is_answered_for_and_its_result_dropped(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), deadline: 30);
        toy.Post(0, 1, ToyWork.OffloadedGated);
        Assert.Equal(ToyPage.Failed, toy.Await(0));
        Assert.Equal(1, toy.Counters.Expired);

        // The lane serves on while the worker is still away.
        toy.Post(0, 2);
        Assert.Equal(4, toy.Await(0));
        Assert.Equal(0, toy.Pages[0].Discards);
        toy.Pages[0].Gate.Set();
        ToyEngine.Until(() => toy.Counters.LateResults == 1);
        Assert.Equal(1, toy.Pages[0].Discards);
        Assert.Equal(2, toy.Pages[0].Answers);
        Assert.Equal(0, toy.Pages[0].Strays);
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Completion_and_deadline_race_without_a_double_answer(PipelineTopology topology)
    {
        const int Rounds = 400;
        using var toy = new ToyEngine(EveryTopology.Options(topology) with { Workers = 4 }, 4, deadline: 1);
        int failed = 0;
        for (int r = 1; r <= Rounds; r++)
        {
            for (int lane = 0; lane < 4; lane++)
            {
                toy.Pages[lane].Gate.Reset();
                toy.Post(lane, (r * 4) + lane, ToyWork.OffloadedGated);
            }

            // About as long as the deadline, so that either side wins at times.
            Thread.SpinWait(r * 37 % 20_000);
            for (int lane = 0; lane < 4; lane++)
            {
                toy.Pages[lane].Gate.Set();
            }

            for (int lane = 0; lane < 4; lane++)
            {
                int answer = toy.SpinAwait(lane);
                failed += answer == ToyPage.Failed ? 1 : 0;
                Assert.True(answer == ToyPage.Failed || answer == ((r * 4) + lane) * 2, $"{answer} for {(r * 4) + lane}");
            }
        }

        ToyEngine.Until(() => toy.Counters.LateResults == toy.Counters.Expired);
        Assert.Equal(failed, toy.Counters.Expired);
        Assert.Equal(4 * Rounds, toy.Counters.Served);
        foreach (ToyPage page in toy.Pages)
        {
            Assert.Equal(Rounds, page.Answers);
            Assert.Equal(0, page.Strays);
        }
    }
}
