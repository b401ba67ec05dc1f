using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Topologies;

/// <summary>Lanes that come and go, and the control that makes them: it runs on the shard.</summary>
public sealed class EngineLaneTests
{
    [Theory]
    [ClassData<EveryTopology>]
    public void Attaching_looks_at_the_lane_once_without_an_event(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology));
        var page = new ToyPage { Request = 5, Active = 1 };
        toy.Engine.Attach(0, 3, new ToyItem { Page = page });
        ToyEngine.Until(() => Volatile.Read(ref page.Active) == 0);
        Assert.Equal(10, page.Answer);
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void An_event_before_its_lane_was_attached_leaves_the_port_open(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology));
        toy.Source.Signal(4);
        ToyEngine.Until(() => toy.Source.IsMasked(4));
        var page = new ToyPage();
        toy.Engine.Attach(0, 4, new ToyItem { Page = page });
        ToyEngine.Until(() => !toy.Source.IsMasked(4));
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Detaching_a_lane_whose_item_is_away_drops_the_result(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 2, deadline: 60_000);
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

    [Theory]
    [ClassData<EveryTopology>]
    public void A_detached_lane_is_not_looked_at_any_more_and_its_port_can_be_attached_again(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology), 2);
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

    [Theory]
    [ClassData<EveryTopology>]
    public void Lanes_come_and_go_while_requests_run(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology) with { SpinMicroseconds = 20 }, 2);
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
        try
        {
            for (int r = 1; r <= 500; r++)
            {
                toy.Post(0, r);
                toy.Post(1, r);
                Assert.Equal(r * 2, toy.SpinAwait(0));
                Assert.Equal(r * 2, toy.SpinAwait(1));
            }
        }
        finally
        {
            // Before the engine goes: the thread would end the process.
            Volatile.Write(ref stop, true);
            control.Join();
        }
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Control_runs_on_the_shard_between_requests_and_its_exception_comes_back(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology));
        int thread = 0;
        toy.Engine.Invoke(0, () => thread = Environment.CurrentManagedThreadId);
        Assert.NotEqual(Environment.CurrentManagedThreadId, thread);
        FormatException thrown = Assert.Throws<FormatException>(() => toy.Engine.Invoke(0, () => throw new FormatException("mine")));
        Assert.Equal("mine", thrown.Message);
        Assert.Throws<ArgumentException>(() => toy.Engine.Attach(0, 0, new ToyItem()));
        toy.Post(0, 1);
        Assert.Equal(2, toy.Await(0));
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Disposing_ends_threads_and_refuses_control(PipelineTopology topology)
    {
        var toy = new ToyEngine(EveryTopology.Options(topology), 2);
        toy.Post(0, 1, ToyWork.OffloadedGated);
        Assert.True(toy.Pages[0].Entered.Wait(5000));
        toy.Dispose();
        Assert.Throws<ObjectDisposedException>(() => toy.Engine.Invoke(0, () => { }));
        Assert.Empty(toy.Engine.ReadThreads());
    }
}
