namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// Shards, their lanes and the executor between them. A lane is one port with one item: at most one request of it is
/// under way. All members may be called by any thread but a shard's own.
/// </summary>
/// <typeparam name="TItem">What travels.</typeparam>
public interface IPipelineEngine<TItem> : IDisposable
    where TItem : PipelineItem
{
    /// <summary>
    /// What is called when the quiet is over: whoever has seen <see cref="IsQuiet"/> is told here afterwards, perhaps when nothing was to do after all. On a
    /// thread of the engine's own; short, not blocking, without exceptions. Set before <see cref="Start"/>.
    /// </summary>
    Action? Resumed { get; set; }

    /// <summary>How the stages lie over threads.</summary>
    PipelineTopology Topology { get; }

    /// <summary>Number of shards.</summary>
    int ShardCount { get; }

    /// <summary>Whether no shard has had anything to do for about a second. While that lasts no thread of the engine runs.</summary>
    bool IsQuiet { get; }

    /// <summary>Whether a shard waits for something to do. Neither it nor anybody else wakes up for the question.</summary>
    /// <param name="shard">The shard.</param>
    bool IsAsleep(int shard);

    /// <summary>Starts the threads.</summary>
    void Start();

    /// <summary>
    /// Runs an action on the shard's own thread, between requests, and waits for it: how control work touches what a shard owns
    /// (binding and unbinding ports of its descriptor, for instance). An exception of the action is thrown here.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="action">What to run; short, not blocking. Before <see cref="Start"/> it runs on the caller's thread.</param>
    /// <exception cref="InvalidOperationException">Called on the shard's own thread.</exception>
    /// <exception cref="ObjectDisposedException">The engine has ended.</exception>
    void Invoke(int shard, Action action);

    /// <summary>Adds a lane and looks at it once. Returns when the shard has it.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="port">The port that signals it on that shard's source.</param>
    /// <param name="item">Its item.</param>
    /// <exception cref="ArgumentException">The port has a lane already.</exception>
    /// <exception cref="InvalidOperationException">The shard has as many lanes as it may have.</exception>
    void Attach(int shard, int port, TItem item);

    /// <summary>
    /// Removes a lane. When this returns, no thread of the shard touches the item's request any more; a worker that still
    /// runs will find its result dropped (see <see cref="PipelineItem.Discard"/>). Unknown ports are ignored. An item that was away
    /// must not be attached again: the engine recycles it when its worker is done.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="port">The lane's port.</param>
    void Detach(int shard, int port);

    /// <summary>What was counted since the start, summed over all shards. Cheap; not a consistent cut.</summary>
    /// <returns>The totals.</returns>
    EngineCounters ReadCounters();

    /// <summary>The same of each shard by itself. No shard waits or notices.</summary>
    /// <returns>One entry per shard, by its number.</returns>
    IReadOnlyList<ShardTotals> ReadShards();

    /// <summary>How long the items took whose stages were timed (<see cref="SampleStages"/>), as a whole. No shard waits or notices.</summary>
    /// <returns>One entry per shard, by its number.</returns>
    IReadOnlyList<PassageTimes> ReadPassages();

    /// <summary>Which threads ran which stage, and what each has allocated so far: asks every thread that carries items and waits for all; one
    /// that is inside a long access is reported as it last was.</summary>
    /// <returns>One entry per thread.</returns>
    IReadOnlyList<StageThread> ReadThreads();

    /// <summary>Times the stages of every Nth item from now on; recording allocates nothing.</summary>
    /// <param name="everyNth">0: none; 1: all.</param>
    void SampleStages(int everyNth);

    /// <summary>What the stage clock has recorded since the start, over all shards.</summary>
    /// <returns>The stages in their order, then <c>handover</c> (time between threads), then <c>total</c>.</returns>
    IReadOnlyList<StageTiming> ReadStageTimings();

    /// <summary>
    /// Looks at the stages of some items from now on, beside what <see cref="SampleStages"/> does and without changing it. One look at a time. Recording
    /// allocates nothing; while nobody looks, an item costs a shard a look at one reference.
    /// </summary>
    /// <param name="everyNth">Of the items that are wanted on a shard each Nth is timed, the first one too: 1 to 1,000,000.</param>
    /// <param name="wants">Which items; called by the shards' threads, must neither block nor allocate nor throw.</param>
    /// <returns>False when somebody looks already.</returns>
    bool TryStartProbe(int everyNth, Func<TItem, bool> wants);

    /// <summary>Ends the look.</summary>
    /// <returns>What was found; null when nobody looked.</returns>
    ProbedStages? EndProbe();
}
