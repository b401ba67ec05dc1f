using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>The engine over one chain of stages, in any topology. This part: its shards and their threads, from the start to the end.</summary>
/// <typeparam name="TItem">What travels.</typeparam>
/// <typeparam name="T1">First stage.</typeparam>
/// <typeparam name="T2">Second stage.</typeparam>
/// <typeparam name="T3">Third stage.</typeparam>
/// <typeparam name="T4">Fourth stage.</typeparam>
/// <typeparam name="T5">Fifth stage.</typeparam>
/// <typeparam name="T6">Sixth stage.</typeparam>
public sealed partial class PipelineEngine<TItem, T1, T2, T3, T4, T5, T6> : IPipelineEngine<TItem>
    where TItem : PipelineItem
    where T1 : struct, IStage<TItem>
    where T2 : struct, IStage<TItem>
    where T3 : struct, IStage<TItem>
    where T4 : struct, IStage<TItem>
    where T5 : struct, IStage<TItem>
    where T6 : struct, IStage<TItem>
{
    private readonly Lock _gate = new();
    private readonly EngineOptions _options;
    private readonly string[] _stageNames;
    private readonly Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>>[] _shards;
    private readonly List<QueuedPart<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>>> _parts = [];
    private readonly List<DataflowLine<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>>> _lines = [];
    private readonly WorkerPool<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> _workers;
    private readonly Watchdog _watchdog;
    private bool _started;
    private bool _disposed;

    /// <summary>Builds the engine; no thread runs before <see cref="Start"/>.</summary>
    /// <param name="stages">The stages; every thread works on a copy.</param>
    /// <param name="options">The layout.</param>
    /// <param name="openSource">Makes a shard's source; the engine disposes it.</param>
    /// <param name="createItem">Makes an item that replaces one which missed its deadline; called on shard threads, pooled.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public PipelineEngine(StageChain<TItem, T1, T2, T3, T4, T5, T6> stages, EngineOptions options, Func<int, IReadySource> openSource, Func<TItem> createItem)
    {
        options.Validate();
        _options = options;
        _stageNames = new string[stages.Count];
        for (int i = 0; i < _stageNames.Length; i++)
        {
            _stageNames[i] = stages.NameOf(i);
        }

        // One late item can be with every thread, and an answer is made before it is known whether it is needed. Lanes add what can be late in queues.
        var spares = new SpareItems<TItem>(createItem);
        spares.Make(options.Workers + (options.Shards * (1 + options.QueueCuts.Count)));
        _workers = new(stages, spares, options);
        _shards = new Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>>[options.Shards];
        var roles = new List<ITakeOver>();
        var handovers = new IHandover<TItem>?[options.Shards];
        for (int i = 0; i < _shards.Length; i++)
        {
            var shard = new Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>>(i, stages, openSource(i), spares, _workers, options);
            _shards[i] = shard;
            roles.Add(shard);
            handovers[i] = MakeHandover(stages, shard, i, roles);
        }

        _watchdog = new Watchdog(roles.ToArray(), _workers, options.AccessLimitMilliseconds, () => Resumed?.Invoke());
        for (int i = 0; i < _shards.Length; i++)
        {
            _shards[i].Connect(handovers[i], _watchdog);
        }
    }

    /// <inheritdoc/>
    public Action? Resumed { get; set; }

    /// <inheritdoc/>
    public PipelineTopology Topology => _options.Topology;

    /// <inheritdoc/>
    public int ShardCount => _shards.Length;

    /// <inheritdoc/>
    public bool IsQuiet => _watchdog.IsAsleep;

    /// <inheritdoc/>
    public bool IsAsleep(int shard) => _shards[shard].IsAsleep;

    /// <inheritdoc/>
    public void Start()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_started)
            {
                return;
            }

            _started = true;
            _watchdog.Start();
            foreach (QueuedPart<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> part in _parts)
            {
                part.Start();
            }

            foreach (Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> shard in _shards)
            {
                shard.Start();
            }
        }
    }

    /// <inheritdoc/>
    public void Invoke(int shard, Action action)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_started)
            {
                // Nobody else can touch the shard yet.
                action();
                return;
            }
        }

        _shards[shard].Invoke(action);
    }

    /// <inheritdoc/>
    public void Attach(int shard, int port, TItem item) => Invoke(shard, () => _shards[shard].AddLane(port, item));

    /// <inheritdoc/>
    public void Detach(int shard, int port) => Invoke(shard, () => _shards[shard].RemoveLane(port));

    /// <inheritdoc/>
    public EngineCounters ReadCounters()
    {
        ShardTotals sum = default;
        foreach (Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> shard in _shards)
        {
            ShardTotals one = shard.ReadTotals();
            sum = new(
                sum.Served + one.Served,
                sum.Wakeups + one.Wakeups,
                sum.Deliveries + one.Deliveries,
                sum.Spurious + one.Spurious,
                sum.Offloaded + one.Offloaded,
                sum.NoPlace + one.NoPlace,
                sum.Expired + one.Expired,
                sum.LateResults + one.LateResults,
                sum.Takeovers + one.Takeovers);
        }

        return new(
            sum.Served, sum.Wakeups, sum.Deliveries, sum.Spurious, sum.Offloaded, sum.NoPlace, sum.Expired, sum.LateResults, sum.Takeovers,
            _workers.Replaced, _workers.HeldBack);
    }

    /// <inheritdoc/>
    public IReadOnlyList<ShardTotals> ReadShards() => Array.ConvertAll(_shards, static shard => shard.ReadTotals());

    /// <inheritdoc/>
    public IReadOnlyList<PassageTimes> ReadPassages() => Array.ConvertAll(_shards, static shard => shard.Clock.ReadPassages());

    /// <inheritdoc/>
    public IReadOnlyList<StageThread> ReadThreads()
    {
        var threads = new List<StageThread>();
        lock (_gate)
        {
            if (!_started || _disposed)
            {
                return threads;
            }

            var asked = new List<Carrier>();
            foreach (Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> shard in _shards)
            {
                asked.Add(shard.Holder);
                asked[^1].Ask();

                // The exchange that the shard's fence pairs with.
                Interlocked.MemoryBarrier();
                shard.WakeIfAsleep();
            }

            foreach (QueuedPart<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> part in _parts)
            {
                asked.Add(part.Holder);
                asked[^1].Ask();
                part.WakeForReport();
            }

            foreach (Carrier carrier in asked)
            {
                carrier.AwaitAnswer(PipelineTimes.ReportMilliseconds);
            }

            _workers.Collect(asked);
            foreach (DataflowLine<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> line in _lines)
            {
                line.Collect(asked);
            }

            foreach (Carrier carrier in asked)
            {
                threads.Add(carrier.ToReport(_stageNames));
            }
        }

        return threads;
    }

    /// <summary>
    /// Stops and joins all threads, then disposes the sources. A thread that is stuck inside an access is left
    /// behind, as a background thread.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        // The watchdog first: no role changes hands any more. Then who feeds before who is fed.
        _watchdog.Stop();
        foreach (Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> shard in _shards)
        {
            shard.Stop();
        }

        foreach (DataflowLine<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> line in _lines)
        {
            line.Dispose();
        }

        foreach (QueuedPart<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> part in _parts)
        {
            part.Dispose();
        }

        _workers.Dispose();
        bool ended = true;
        foreach (Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> shard in _shards)
        {
            shard.Dispose();
            ended &= shard.HasEnded;
        }

        if (ended)
        {
            _watchdog.Dispose();
        }
    }

    // Items flow shard → first part → … → last part → shard; parts are made from the last to the first.
    private IHandover<TItem>? MakeHandover(
        StageChain<TItem, T1, T2, T3, T4, T5, T6> stages,
        Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> shard,
        int index,
        List<ITakeOver> roles)
    {
        if (_options.Topology == PipelineTopology.Dataflow)
        {
            var line = new DataflowLine<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>>(stages, 1, _options.ReturnStage, _workers);
            _lines.Add(line);
            return line;
        }

        QueuedPart<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>>? first = null;
        if (_options.Topology == PipelineTopology.Queued)
        {
            IReadOnlyList<int> cuts = _options.QueueCuts;
            for (int i = cuts.Count - 2; i >= 0; i--)
            {
                first = new(stages, index, cuts[i], cuts[i + 1], first, _workers, _options, shard.CountTakeover);
                _parts.Add(first);
                roles.Add(first);
            }
        }

        return first;
    }
}
