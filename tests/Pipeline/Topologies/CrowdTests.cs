using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Topologies;

using Engine = PipelineEngine<ToyItem, Ingest, Decode, Filter, Execute, Respond, Notify>;

/// <summary>Many lanes whose items leave their shards at once: every one has its place and its turn, and nothing grows while they wait.</summary>
public sealed class CrowdTests
{
    [Theory]
    [ClassData<EveryTopology>]
    public void However_many_lanes_wait_for_a_worker_none_is_refused(PipelineTopology topology)
    {
        const int Lanes = 1000;
        using var toy = new ToyEngine(EveryTopology.Options(topology), Lanes, deadline: 60_000);
        HoldWorkers(toy, 2);
        for (int lane = 2; lane < Lanes; lane++)
        {
            toy.Post(lane, lane + 1, ToyWork.Offloaded);
        }

        OpenGates(toy, 2);
        for (int lane = 0; lane < Lanes; lane++)
        {
            Assert.Equal((lane + 1) * 2, toy.Await(lane, 30_000));
        }

        Assert.Equal(0, toy.Counters.NoPlace);
        Assert.Equal(0, toy.Counters.Expired);
    }

    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public void Waiting_items_are_taken_in_the_order_of_their_arrival_whatever_their_shard(PipelineTopology topology)
    {
        const int Shards = 3;
        const int Lanes = 999;
        var sources = new MemorySource[Shards];
        EngineOptions options = EveryTopology.Options(topology) with { Shards = Shards, Workers = 1 };
        using var engine = new Engine(default, options, shard => sources[shard] = new MemorySource(Lanes), static () => new ToyItem());
        engine.Start();
        var pages = new ToyPage[Lanes];
        for (int lane = 0; lane < Lanes; lane++)
        {
            pages[lane] = new ToyPage();
            engine.Attach(lane % Shards, lane, new ToyItem { Page = pages[lane], Deadline = 60_000 });
        }

        for (int lane = 0; lane < Lanes; lane++)
        {
            ToyPage page = pages[lane];
            page.Request = lane + 1;
            page.Work = lane == 0 ? ToyWork.OffloadedGated : ToyWork.Offloaded;
            Volatile.Write(ref page.Active, 1);
            sources[lane % Shards].Signal(lane);
            int posted = lane + 1;
            ToyEngine.Until(() => engine.ReadCounters().Offloaded == posted, 30_000);
        }

        pages[0].Gate.Set();
        ToyEngine.Until(() => Array.TrueForAll(pages, static page => Volatile.Read(ref page.Active) == 0), 30_000);
        int[] turns = Array.ConvertAll(pages, static page => page.ExecutedAs);
        Assert.Equal(turns.Order(), turns);
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Who_waits_for_its_turn_has_its_peers_patience_and_its_deadline_from_then_on(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 4, deadline: 60_000);
        HoldWorkers(toy, 2);
        foreach (int lane in (int[])[2, 3])
        {
            toy.Items[lane].Deadline = 20;
            toy.Items[lane].Patience = 60_000;
        }

        toy.Post(2, 21, ToyWork.Offloaded);
        toy.Post(3, 22, ToyWork.OffloadedGated);
        Thread.Sleep(200);
        Assert.Equal(0, toy.Counters.Expired);

        OpenGates(toy, 2);
        Assert.Equal(42, toy.Await(2));
        Assert.Equal(ToyPage.Failed, toy.Await(3));
        Assert.Equal(1, toy.Counters.Expired);
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Items_that_are_late_before_their_turn_fill_nothing(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 3, deadline: 60_000);
        HoldWorkers(toy, 2);
        toy.Items[2].Deadline = 1;
        toy.Post(2, 1, ToyWork.Offloaded);
        Assert.Equal(ToyPage.Failed, toy.Await(2));
        int spares = toy.Spares;
        for (int r = 2; r <= 300; r++)
        {
            toy.Post(2, r, ToyWork.Offloaded);
            Assert.Equal(ToyPage.Failed, toy.Await(2));
        }

        Assert.Equal(spares, toy.Spares);
        Assert.Equal(0, toy.Counters.NoPlace);
        Assert.Equal(300, toy.Counters.Expired);

        OpenGates(toy, 2);
        Assert.Equal(2, toy.Await(0));
        ToyEngine.Until(() => toy.Counters.LateResults == 300);
        Assert.Equal(0, toy.Pages[2].Executions);
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Lanes_that_come_and_go_while_workers_are_stuck_fill_nothing(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 3, deadline: 60_000);
        HoldWorkers(toy, 2);
        int spares = toy.Spares;
        toy.Engine.Detach(0, 2);
        ToyPage page = toy.Pages[2];
        ToyItem item = toy.Items[2];
        for (int r = 1; r <= 300; r++)
        {
            page.Request = r;
            page.Work = ToyWork.Offloaded;
            page.Active = 1;
            item = new ToyItem { Page = page, Deadline = 60_000 };
            toy.Engine.Attach(0, 2, item);
            ToyEngine.Until(() => ((Lane<ToyItem>)item.Lane!).Away);
            if (r < 300)
            {
                toy.Engine.Detach(0, 2);
            }
        }

        Assert.Equal(spares, toy.Spares);
        OpenGates(toy, 2);
        Assert.Equal(600, toy.Await(2));
        Assert.Equal(0, toy.Counters.NoPlace);
        Assert.Equal(1, page.Answers);
        Assert.Equal(1, page.Executions);
    }

    // Counted in answers, not in time: whichever thread the machine lets run, each time a lane waits for its shard its turn comes before the others have had
    // theirs twice. Between the two the machine decides: while a queue's thread waits for a processor, those who only go to workers go round and round.
    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public void Lanes_that_only_leave_the_shard_keep_no_other_from_its_turn(PipelineTopology topology)
    {
        const int Lanes = 500;
        using var toy = new ToyEngine(EveryTopology.Options(topology), Lanes, deadline: 60_000);
        ToyPage reader = toy.Pages[0];
        reader.Clock = () => toy.Counters.Served;
        bool stop = false;
        var crowd = new Thread(() =>
        {
            for (int r = 1; !Volatile.Read(ref stop); r++)
            {
                for (int lane = 1; lane < Lanes; lane++)
                {
                    if (toy.IsAnswered(lane))
                    {
                        toy.Post(lane, r, ToyWork.Offloaded);
                    }
                }
            }
        });
        crowd.Start();
        try
        {
            ToyEngine.Until(() => toy.Counters.Served > 10 * Lanes, 30_000);
            for (int r = 1; r <= 300; r++)
            {
                toy.Post(0, r);

                // Read after the post: this thread may lose the processor between the two, which is nobody's turn.
                long posted = toy.Counters.Served;
                Assert.Equal(r * 2, toy.Await(0, 30_000));
                Assert.InRange(reader.FoundAt - posted, long.MinValue, 2 * Lanes);
                Assert.InRange(reader.AnsweredAt - reader.ExecutedAt, long.MinValue, 2 * Lanes);
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            crowd.Join();
        }

        Assert.Equal(0, toy.Counters.NoPlace);
    }

    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public void Deadlines_that_pass_allocate_nothing(PipelineTopology topology)
    {
        const int Lanes = 200;
        using var toy = new ToyEngine(EveryTopology.Options(topology), Lanes, deadline: 60_000);
        HoldWorkers(toy, 2);
        for (int lane = 2; lane < Lanes; lane++)
        {
            toy.Items[lane].Deadline = 1;
        }

        ExpireAll(toy, 1);
        long before = AllocatedByShards(toy);
        ExpireAll(toy, 2);

        Assert.Equal(before, AllocatedByShards(toy));
        Assert.Equal(2 * (Lanes - 2), toy.Counters.Expired);
    }

    private static void ExpireAll(ToyEngine toy, int request)
    {
        for (int lane = 2; lane < toy.Pages.Length; lane++)
        {
            toy.Post(lane, request, ToyWork.Offloaded);
        }

        for (int lane = 2; lane < toy.Pages.Length; lane++)
        {
            Assert.Equal(ToyPage.Failed, toy.Await(lane));
        }
    }

    private static long AllocatedByShards(ToyEngine toy)
    {
        // Twice: what a thread allocates to say its first figure is not of its items.
        _ = toy.Engine.ReadThreads();
        return toy.Engine.ReadThreads().Where(thread => thread.Name.StartsWith("shard", StringComparison.Ordinal)).Sum(thread => thread.AllocatedBytes);
    }

    private static void HoldWorkers(ToyEngine toy, int workers)
    {
        for (int lane = 0; lane < workers; lane++)
        {
            toy.Post(lane, lane + 1, ToyWork.OffloadedGated);
            Assert.True(toy.Pages[lane].Entered.Wait(5000));
        }
    }

    private static void OpenGates(ToyEngine toy, int workers)
    {
        for (int lane = 0; lane < workers; lane++)
        {
            toy.Pages[lane].Gate.Set();
        }
    }
}
