using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Decode;
using PciBackFlow.Stages.Execute;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Notify;
using PciBackFlow.Stages.Respond;

namespace PciBackFlow.Perf.Scripted;

/// <summary>
/// The engine with guests that are scripts on its shards' own threads: no client threads, no events, no sleep while it runs. What is measured is what shards
/// can do by themselves, and what they allocate. Used by one thread.
/// </summary>
public sealed class ScriptedShards : IDisposable
{
    private const int SpinMicroseconds = 20;
    private const int EndSeconds = 10;

    private readonly PipelineEngine<GuestOperation, IngestStage, DecodeStage, FilterStage, ExecuteStage, RespondStage, NotifyStage> _engine;
    private readonly ScriptedSource[] _sources;
    private readonly List<ScriptedGuest>[] _guests;
    private readonly List<IPciFunction> _functions = [];
    private readonly ManualResetEvent _ended = new(initialState: true);
    private int _running;

    /// <summary>Makes the engine and its guests, each with one function at 0000:00:00.0.</summary>
    /// <param name="open">Opens a guest's function; each guest has its own.</param>
    /// <param name="script">What every guest asks, again and again.</param>
    /// <param name="shards">Shards: 1 to 256.</param>
    /// <param name="guests">Guests, dealt out to the shards.</param>
    /// <param name="topology">How the stages lie over threads.</param>
    /// <param name="interrupts">Who enables interrupts; null: nobody.</param>
    public ScriptedShards(
        Func<IPciFunction> open, IReadOnlyList<ScriptedRequest> script, int shards, int guests, PipelineTopology topology = PipelineTopology.Fused,
        IInterruptOperations? interrupts = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(guests, shards);
        ScriptedRequest[] steps = [.. script];
        var maps = new ConfigSpaceMapCache();
        _guests = [.. Enumerable.Range(0, shards).Select(static _ => new List<ScriptedGuest>())];
        _sources = [.. Enumerable.Range(0, shards).Select(shard => new ScriptedSource((guests + shards - 1 - shard) / shards))];
        var options = new EngineOptions
        {
            Shards = shards, SpinMicroseconds = SpinMicroseconds, Topology = topology, LaneCapacity = Math.Max(16, guests),
            // A busy machine may keep a thread from running for long: that must not pass for a stuck function.
            AccessLimitMilliseconds = 30_000,
        };
        _engine = new(new(default, default, default, default, default, default), options, shard => _sources[shard], static () => new GuestOperation());
        _engine.Start();
        for (int i = 0; i < guests; i++)
        {
            IPciFunction function = open();
            _functions.Add(function);
            AssignedFunction assigned = Assign(function, maps);
            var guest = new ScriptedGuest(steps, NoteEnded);
            int shard = i % shards;
            int port = _guests[shard].Count;
            _guests[shard].Add(guest);
            _engine.Attach(shard, port, new GuestOperation(new GuestConnection(i + 1, guest.Shared, guest, new FunctionTable([assigned]), interrupts)));
        }
    }

    /// <summary>Answers so far.</summary>
    public long Operations => _guests.Sum(static shard => shard.Sum(static guest => guest.Operations));

    /// <summary>Answers with another status than the script has.</summary>
    public long Mistakes => _guests.Sum(static shard => shard.Sum(static guest => guest.Mistakes));

    /// <summary>The threads that carry requests, and what each has allocated so far.</summary>
    /// <returns>One entry for each.</returns>
    public IReadOnlyList<StageThread> ReadThreads() => _engine.ReadThreads();

    /// <summary>Lets every guest make so many requests. Call it when none is under way.</summary>
    /// <param name="operationsOfEach">How many: at least 1.</param>
    public void Begin(long operationsOfEach)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(operationsOfEach, 1);
        _ended.Reset();
        Volatile.Write(ref _running, _functions.Count);
        for (int shard = 0; shard < _sources.Length; shard++)
        {
            int own = shard;
            _engine.Invoke(own, () => BeginShard(own, operationsOfEach));
        }
    }

    /// <summary>Waits until every guest has made its requests.</summary>
    public void Await() => _ended.WaitOne();

    /// <summary>Lets no guest make further requests, and waits for those under way.</summary>
    /// <exception cref="TimeoutException">One is not answered.</exception>
    public void Stop()
    {
        for (int shard = 0; shard < _sources.Length; shard++)
        {
            int own = shard;
            _engine.Invoke(own, () => _guests[own].ForEach(static guest => guest.End()));
        }

        if (!_ended.WaitOne(TimeSpan.FromSeconds(EndSeconds)))
        {
            throw new TimeoutException($"{Volatile.Read(ref _running)} guests wait for an answer");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        foreach (List<ScriptedGuest> shard in _guests)
        {
            shard.ForEach(static guest => guest.Dispose());
        }

        _functions.ForEach(static function => function.Dispose());
        _ended.Dispose();
    }

    private static AssignedFunction Assign(IPciFunction function, ConfigSpaceMapCache maps)
    {
        CompiledFunction compiled = FunctionPermissions.Compile(function, AccessPolicy.Default, readAll: true, isLone: false);
        return new AssignedFunction(function, default, compiled with { Map = maps.Share(compiled.Map) });
    }

    // On the shard's thread, whose bytes are counted: nothing is allocated here.
    private void BeginShard(int shard, long operationsOfEach)
    {
        foreach (ScriptedGuest guest in _guests[shard])
        {
            guest.Begin(operationsOfEach);
        }

        _sources[shard].DeliverAll();
    }

    private void NoteEnded()
    {
        if (Interlocked.Decrement(ref _running) == 0)
        {
            _ended.Set();
        }
    }
}
