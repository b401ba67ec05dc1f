using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests;

/// <summary>What every topology must do. One class per topology runs it.</summary>
public abstract class EngineConformance(PipelineTopology topology)
{
    private protected EngineOptions Options { get; } = new() { Topology = topology, SpinMicroseconds = 0, AccessLimitMilliseconds = 40, Workers = 2, WorkerQueueCapacity = 2 };

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void Every_posted_request_is_answered_exactly_once(int spin)
    {
        const int Lanes = 16;
        const int Rounds = 300;
        using var toy = new ToyEngine(Options with { SpinMicroseconds = spin }, Lanes);
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
    [InlineData(0)]
    [InlineData(50)]
    public void Two_racing_peers_lose_no_event(int spin)
    {
        const int Rounds = 3000;
        using var toy = new ToyEngine(Options with { SpinMicroseconds = spin }, 2);
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

    [Fact]
    public void A_request_posted_between_the_answer_and_the_unmask_needs_no_event_of_its_own()
    {
        using var toy = new ToyEngine(Options);
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

    [Fact]
    public void Attaching_looks_at_the_lane_once_without_an_event()
    {
        using var toy = new ToyEngine(Options);
        var page = new ToyPage { Request = 5, Active = 1 };
        toy.Engine.Attach(0, 3, new ToyItem { Page = page });
        ToyEngine.Until(() => Volatile.Read(ref page.Active) == 0);
        Assert.Equal(10, page.Answer);
    }

    [Fact]
    public void An_event_before_its_lane_was_attached_leaves_the_port_open()
    {
        using var toy = new ToyEngine(Options);
        toy.Source.Signal(4);
        ToyEngine.Until(() => toy.Source.IsMasked(4));
        var page = new ToyPage();
        toy.Engine.Attach(0, 4, new ToyItem { Page = page });
        ToyEngine.Until(() => !toy.Source.IsMasked(4));
    }

    [Fact]
    public void Events_without_work_are_unmasked_later_each_time_and_work_ends_that()
    {
        using var toy = new ToyEngine(Options);
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

    [Fact]
    public void An_offloaded_item_is_executed_elsewhere_and_answered_by_the_shard()
    {
        using var toy = new ToyEngine(Options);
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

    [Fact]
    public void A_worker_that_misses_the_deadline_is_answered_for_and_its_result_dropped()
    {
        using var toy = new ToyEngine(Options, deadline: 30);
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

    [Fact]
    public void Completion_and_deadline_race_without_a_double_answer()
    {
        const int Rounds = 400;
        using var toy = new ToyEngine(Options with { WorkerQueueCapacity = 64, Workers = 4 }, 4, deadline: 1);
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
        Assert.Equal(failed, toy.Counters.Expired + toy.Counters.WorkerQueueFull);
        Assert.Equal(4 * Rounds, toy.Counters.Served);
        foreach (ToyPage page in toy.Pages)
        {
            Assert.Equal(Rounds, page.Answers);
            Assert.Equal(0, page.Strays);
        }
    }

    [Fact]
    public void A_full_worker_queue_answers_with_a_failure_at_once()
    {
        // Two workers at the gate and two items waiting: the fifth finds no room.
        using var toy = new ToyEngine(Options, 5, deadline: 60_000);
        for (int lane = 0; lane < 2; lane++)
        {
            toy.Post(lane, lane + 1, ToyWork.OffloadedGated);
            Assert.True(toy.Pages[lane].Entered.Wait(5000));
        }

        for (int lane = 2; lane < 5; lane++)
        {
            toy.Post(lane, lane + 1, ToyWork.OffloadedGated);
        }

        ToyEngine.Until(() => toy.Counters.WorkerQueueFull == 1);
        ToyEngine.Until(() => toy.IsAnswered(2) || toy.IsAnswered(3) || toy.IsAnswered(4));
        foreach (ToyPage page in toy.Pages)
        {
            page.Gate.Set();
        }

        int failed = 0;
        for (int lane = 0; lane < 5; lane++)
        {
            int answer = toy.Await(lane);
            failed += answer == ToyPage.Failed ? 1 : 0;
            Assert.True(answer == ToyPage.Failed || answer == (lane + 1) * 2);
        }

        Assert.Equal(1, failed);
    }

    [Theory]
    [InlineData((int)ToyWork.StuckThenDone)]
    [InlineData((int)ToyWork.StuckThenLost)]
    public void A_stuck_access_does_not_stop_the_other_lanes_and_keeps_its_deadline(int work)
    {
        using var toy = new ToyEngine(Options, 3, deadline: 300);
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

    [Fact]
    public void A_stuck_access_that_returns_before_the_deadline_is_answered_with_its_result()
    {
        using var toy = new ToyEngine(Options, 2, deadline: 60_000);
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

    [Fact]
    public void An_access_given_up_before_the_deadline_is_answered_with_a_failure()
    {
        using var toy = new ToyEngine(Options, 1, deadline: 60_000);
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

    [Fact]
    public void Detaching_a_lane_whose_item_is_away_drops_the_result()
    {
        using var toy = new ToyEngine(Options, 2, deadline: 60_000);
        toy.Post(0, 1, ToyWork.OffloadedGated);
        Assert.True(toy.Pages[0].Entered.Wait(5000));
        toy.Engine.Detach(0, 0);
        toy.Pages[0].Gate.Set();
        ToyEngine.Until(() => toy.Pages[0].Discards == 1);
        Assert.Equal(0, toy.Pages[0].Answers);
        Assert.False(toy.IsAnswered(0));
        toy.Post(1, 4);
        Assert.Equal(8, toy.Await(1));
    }

    [Fact]
    public void A_detached_lane_is_not_looked_at_any_more_and_its_port_can_be_attached_again()
    {
        using var toy = new ToyEngine(Options, 2);
        toy.Engine.Detach(0, 0);
        toy.Engine.Detach(0, 77);
        toy.Post(0, 1);
        toy.Post(1, 1);
        Assert.Equal(2, toy.Await(1));
        Assert.False(toy.IsAnswered(0));
        toy.Engine.Attach(0, 0, toy.Items[0]);
        Assert.Equal(2, toy.Await(0));
        toy.Post(0, 9);
        Assert.Equal(18, toy.Await(0));
    }

    [Fact]
    public void Control_runs_on_the_shard_between_requests_and_its_exception_comes_back()
    {
        using var toy = new ToyEngine(Options);
        int thread = 0;
        toy.Engine.Invoke(0, () => thread = Environment.CurrentManagedThreadId);
        Assert.NotEqual(Environment.CurrentManagedThreadId, thread);
        var thrown = Assert.Throws<FormatException>(() => toy.Engine.Invoke(0, () => throw new FormatException("mine")));
        Assert.Equal("mine", thrown.Message);
        Assert.Throws<ArgumentException>(() => toy.Engine.Attach(0, 0, new ToyItem()));
        toy.Post(0, 1);
        Assert.Equal(2, toy.Await(0));
    }

    [Fact]
    public void Lanes_come_and_go_while_requests_run()
    {
        using var toy = new ToyEngine(Options with { SpinMicroseconds = 20 }, 2);
        bool stop = false;
        var control = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                toy.Engine.Detach(0, 1);
                toy.Engine.Attach(0, 1, new ToyItem { Page = toy.Pages[1] });
            }
        });
        control.Start();
        for (int r = 1; r <= 500; r++)
        {
            toy.Post(0, r);
            toy.Post(1, r);
            Assert.Equal(r * 2, toy.SpinAwait(0));
            Assert.Equal(r * 2, toy.SpinAwait(1));
        }

        Volatile.Write(ref stop, true);
        control.Join();
    }

    [Fact]
    public void With_nothing_to_do_no_shard_wakes_up()
    {
        using var toy = new ToyEngine(Options with { SpinMicroseconds = 50 }, 8);
        for (int lane = 0; lane < 8; lane++)
        {
            toy.Post(lane, 1);
            toy.Await(lane);
        }

        Thread.Sleep(50);
        long wakeups = toy.Counters.Wakeups;
        int takes = toy.Source.Takes;
        Thread.Sleep(300);
        Assert.Equal(wakeups, toy.Counters.Wakeups);
        Assert.Equal(takes, toy.Source.Takes);
    }

    [Fact]
    public void The_stage_clock_times_every_nth_item_and_nothing_when_off()
    {
        using var toy = new ToyEngine(Options);
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

        void Run(int count)
        {
            for (int r = 1; r <= count; r++)
            {
                toy.Post(0, r);
                toy.SpinAwait(0);
            }
        }
    }

    [Fact]
    public void Disposing_ends_threads_and_refuses_control()
    {
        var toy = new ToyEngine(Options, 2);
        toy.Post(0, 1, ToyWork.OffloadedGated);
        Assert.True(toy.Pages[0].Entered.Wait(5000));
        toy.Dispose();
        Assert.Throws<ObjectDisposedException>(() => toy.Engine.Invoke(0, () => { }));
        Assert.Empty(toy.Engine.ReadThreads());
    }

    [Fact]
    public void A_busy_lane_starves_no_other()
    {
        const int Lanes = 1000;
        using var toy = new ToyEngine(Options with { SpinMicroseconds = 1000 }, Lanes);
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
