using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Topologies;

/// <summary>Requests and the events that announce them: each is answered once, whatever overtakes what, and an idle engine sleeps.</summary>
public sealed class EngineRequestTests
{
    public static MatrixTheoryData<PipelineTopology, int> Spins => new(Enum.GetValues<PipelineTopology>(), [0, 50]);

    [Theory]
    [MemberData(nameof(Spins))]
    public void Every_posted_request_is_answered_exactly_once(PipelineTopology topology, int spin)
    {
        const int Lanes = 16;
        const int Rounds = 300;
        using var toy = new ToyEngine(EveryTopology.Options(topology) with { SpinMicroseconds = spin }, Lanes);
        for (int r = 1; r <= Rounds; r++)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                toy.Post(lane, (r * Lanes) + lane);
            }

            for (int lane = 0; lane < Lanes; lane++)
            {
                Assert.Equal(((r * Lanes) + lane) * 2, toy.SpinAwait(lane));
            }
        }

        foreach (ToyPage page in toy.Pages)
        {
            Assert.Equal(Rounds, page.Answers);
            Assert.Equal(Rounds, page.Executions);
            Assert.Equal(0, page.Strays);
        }

        ToyEngine.Until(() => toy.Counters.Served == Lanes * Rounds);
    }

    [Theory]
    [MemberData(nameof(Spins))]
    public void Two_racing_peers_lose_no_event(PipelineTopology topology, int spin)
    {
        const int Rounds = 3000;
        using var toy = new ToyEngine(EveryTopology.Options(topology) with { SpinMicroseconds = spin }, 2);
        Exception? failure = null;
        var peers = new Thread[2];
        for (int i = 0; i < peers.Length; i++)
        {
            int lane = i;
            peers[i] = new Thread(() =>
            {
                try
                {
                    for (int r = 1; r <= Rounds; r++)
                    {
                        toy.Post(lane, r);
                        Assert.Equal(r * 2, toy.SpinAwait(lane));
                    }
                }
                catch (Exception e)
                {
                    failure = e;
                }
            });
            peers[i].Start();
        }

        foreach (Thread peer in peers)
        {
            peer.Join();
        }

        Assert.Null(failure);
        Assert.Equal(Rounds, toy.Pages[0].Answers);
        Assert.Equal(Rounds, toy.Pages[1].Answers);
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void A_request_posted_between_the_answer_and_the_unmask_needs_no_event_of_its_own(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology));
        int posted = 0;
        toy.Source.BeforeUnmask = () =>
        {
            if (posted++ == 0)
            {
                toy.Post(0, 8, signal: false);
            }
        };
        toy.Post(0, 7);
        ToyEngine.Until(() => toy.Pages[0].Answers == 2 && toy.IsAnswered(0));
        Assert.Equal(16, toy.Pages[0].Answer);
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Events_without_work_are_unmasked_later_each_time_and_work_ends_that(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (int i = 0; i < 7; i++)
        {
            toy.Source.Signal(0);
            int expected = i + 1;
            ToyEngine.Until(() => toy.Counters.Spurious == expected && !toy.Source.IsMasked(0));
        }

        // The first is free, the second to the seventh wait 1 + 2 + 4 + 8 + 16 + 32 ms.
        Assert.True(clock.ElapsedMilliseconds >= 1 + 2 + 4 + 8 + 16 + 32, $"took {clock.ElapsedMilliseconds} ms");

        // The open port is seen before the shard's second look: let that pass, or it may find the request before its event does.
        toy.Engine.Invoke(0, () => { });
        toy.Post(0, 3);
        Assert.Equal(6, toy.Await(0));
        ToyEngine.Until(() => !toy.Source.IsMasked(0));
        Assert.Equal(7, toy.Counters.Spurious);

        // After useful work: the next event may be empty, the one after is the first of a new run.
        clock.Restart();
        toy.Source.Signal(0);
        ToyEngine.Until(() => toy.Counters.Deliveries == 9 && !toy.Source.IsMasked(0));
        Assert.Equal(7, toy.Counters.Spurious);
        toy.Source.Signal(0);
        ToyEngine.Until(() => toy.Counters.Spurious == 8 && !toy.Source.IsMasked(0));
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void With_nothing_to_do_no_shard_wakes_up(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology) with { SpinMicroseconds = 50 }, 8);
        for (int lane = 0; lane < 8; lane++)
        {
            toy.Post(lane, 1);
            toy.Await(lane);
        }

        // Nothing but a signal or somebody's wake-up call can end such a wait; that nobody makes one only time shows.
        ToyEngine.Until(() => toy.Source.IsAwaited);
        long wakeups = toy.Counters.Wakeups;
        int takes = toy.Source.Takes;
        Thread.Sleep(300);
        Assert.Equal(wakeups, toy.Counters.Wakeups);
        Assert.Equal(takes, toy.Source.Takes);
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void A_busy_lane_starves_no_other(PipelineTopology topology)
    {
        const int Lanes = 1000;
        using var toy = new ToyEngine(EveryTopology.Options(topology) with { SpinMicroseconds = 1000 }, Lanes);
        for (int r = 1; r <= 5; r++)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                toy.Post(lane, r);
            }

            // Lane 0 never rests meanwhile.
            for (int lane = 1; lane < Lanes; lane++)
            {
                while (!toy.IsAnswered(lane))
                {
                    if (toy.IsAnswered(0))
                    {
                        toy.Post(0, r + 1);
                    }
                }

                Assert.Equal(r * 2, toy.Pages[lane].Answer);
            }

            toy.SpinAwait(0);
        }
    }
}
