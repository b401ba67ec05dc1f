using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Running;

public sealed class CarrierTests
{
    [Theory]
    [InlineData(PipelineTopology.Fused, 0, 0)]
    [InlineData(PipelineTopology.Fused, 50, 0)]
    [InlineData(PipelineTopology.Fused, 50, 1)]
    [InlineData(PipelineTopology.Queued, 0, 0)]
    [InlineData(PipelineTopology.Queued, 50, 0)]
    [InlineData(PipelineTopology.Queued, 50, 1)]
    public void Carrying_threads_allocate_nothing(PipelineTopology topology, int spin, int sampleEvery)
    {
        using var toy = new ToyEngine(new EngineOptions { Topology = topology, SpinMicroseconds = spin, SampleEvery = sampleEvery }, 4);
        Run(toy, 500);
        toy.Engine.ReadThreads();
        Run(toy, 500);
        IReadOnlyList<StageThread> before = toy.Engine.ReadThreads();
        Run(toy, 5000);
        IReadOnlyList<StageThread> after = toy.Engine.ReadThreads();
        Assert.Equal(before.Select(t => t.ManagedThreadId), after.Select(t => t.ManagedThreadId));
        Assert.Equal(before.Select(t => t.AllocatedBytes), after.Select(t => t.AllocatedBytes));
    }

    [Fact]
    public void Offloading_allocates_nothing_once_its_workers_run()
    {
        using var toy = new ToyEngine(new EngineOptions { Workers = 1 }, 2);
        Run(toy, 300, ToyWork.Offloaded);
        toy.Engine.ReadThreads();
        Run(toy, 300, ToyWork.Offloaded);
        IReadOnlyList<StageThread> before = toy.Engine.ReadThreads();
        Run(toy, 2000, ToyWork.Offloaded);
        IReadOnlyList<StageThread> after = toy.Engine.ReadThreads();
        Assert.Equal(2, after.Count);
        Assert.Equal(before.Select(t => t.AllocatedBytes), after.Select(t => t.AllocatedBytes));
    }

    [Fact]
    public void Each_shard_serves_its_own_lanes_on_its_own_thread()
    {
        MemorySource[] sources = new[] { new MemorySource(1), new MemorySource(1), new MemorySource(1) };
        using var engine = new PipelineEngine<ToyItem, Ingest, Decode, Filter, Execute, Respond, Notify>(
            default, new EngineOptions { Shards = 3 }, i => sources[i], static () => new ToyItem());
        var pages = new ToyPage[3];
        for (int i = 0; i < 3; i++)
        {
            // Before the start too: the shard looks at what it finds when it begins.
            pages[i] = new ToyPage { Request = i + 1, Active = 1 };
            engine.Attach(i, 0, new ToyItem { Page = pages[i] });
        }

        engine.Start();
        ToyEngine.Until(() => engine.ReadCounters().Served == 3);
        Assert.Equal([2, 4, 6], pages.Select(p => p.Answer));
        Assert.Equal(3, pages.Select(p => p.AnsweringThread).Distinct().Count());
        Assert.Equal(["shard 0", "shard 1", "shard 2"], engine.ReadThreads().Select(t => t.Name));
    }

    [Fact]
    public void Fused_runs_all_stages_on_one_thread()
    {
        using var toy = new ToyEngine(new EngineOptions());
        Run(toy, 5);
        StageThread thread = Assert.Single(toy.Engine.ReadThreads());
        Assert.Equal(["ingest", "decode", "filter", "execute", "respond", "notify"], thread.Stages);
    }

    [Fact]
    public void Queued_really_crosses_threads()
    {
        using var toy = new ToyEngine(new EngineOptions { Topology = PipelineTopology.Queued, QueueCuts = [1, 2, 3, 4] });
        Run(toy, 5);
        StageThread[] threads = toy.Engine.ReadThreads().OrderBy(t => t.Name, StringComparer.Ordinal).ToArray();
        Assert.Equal(["shard 0", "shard 0 decode", "shard 0 execute", "shard 0 filter"], threads.Select(t => t.Name));
        Assert.Equal(["ingest", "respond", "notify"], threads[0].Stages);
        Assert.Equal(["decode"], threads[1].Stages);
        Assert.Equal(["execute"], threads[2].Stages);
        Assert.Equal(["filter"], threads[3].Stages);
        Assert.Equal(4, threads.Select(t => t.ManagedThreadId).Distinct().Count());
    }

    [Fact]
    public void Dataflow_runs_the_middle_on_pool_threads()
    {
        using var toy = new ToyEngine(new EngineOptions { Topology = PipelineTopology.Dataflow });
        Run(toy, 50);
        IReadOnlyList<StageThread> threads = toy.Engine.ReadThreads();
        Assert.Equal(["ingest", "respond", "notify"], Assert.Single(threads, t => t.Name == "shard 0").Stages);
        var pool = threads.Where(t => t.Name == "pool").SelectMany(t => t.Stages).ToHashSet();
        Assert.Equal(["decode", "execute", "filter"], pool.Order(StringComparer.Ordinal));
    }

    private static void Run(ToyEngine toy, int rounds, ToyWork work = ToyWork.Plain)
    {
        for (int r = 1; r <= rounds; r++)
        {
            toy.Post(r % toy.Pages.Length, r, work);
            toy.SpinAwait(r % toy.Pages.Length);
        }
    }
}
