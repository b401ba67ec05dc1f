using System.Collections.Concurrent;
using System.Diagnostics;
using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// One thread, one source, its lanes. All state is the shard's thread's own unless said otherwise, and is consistent whenever a stage runs, because
/// the watchdog may give it to a new thread right there. This part: the loop, the wait, what other threads may ask for, and the take-over. Its fields
/// are what the shard is made of, its counters and its mailbox, and what other threads write: requests, stopping, being asleep.
/// </summary>
internal sealed partial class Shard<TItem, TChain> : IItemHome<TItem>, ITakeOver, IDisposable
    where TItem : PipelineItem
    where TChain : struct, IStageChain<TItem>
{
    private readonly int _index;
    private readonly IReadySource _source;
    private readonly SpareItems<TItem> _spares;
    private readonly WorkerPool<TItem, TChain> _workers;
    private readonly ConcurrentQueue<ControlRequest> _requests = new();
    private readonly string _name;
    private readonly long _spinTicks;
    private readonly long _sourcePause = PipelineTimes.FromMicroseconds(PipelineTimes.SourcePauseMicroseconds);
    private readonly int _returnStage;
    private readonly int _handoverStage;
    private readonly int _laneCapacity;
    private TChain _chain;
    private IHandover<TItem>? _handover;
    private Watchdog? _watchdog;
    private ShardCounters _counters;
    private Mailbox _mailbox;
    private Carrier _carrier;
    private Thread? _thread;
    private int _requested;
    private int _asleep;
    private int _stopping;
    private bool _ended;

    internal Shard(int index, TChain chain, IReadySource source, SpareItems<TItem> spares, WorkerPool<TItem, TChain> workers, EngineOptions options)
    {
        _index = index;
        _chain = chain;
        _source = source;
        _spares = spares;
        _workers = workers;
        _name = $"shard {index}";
        _carrier = new Carrier(_name);
        _spinTicks = PipelineTimes.FromMicroseconds(options.SpinMicroseconds);
        _returnStage = options.ReturnStage;
        _laneCapacity = options.LaneCapacity;
        _handoverStage = options.Topology switch
        {
            PipelineTopology.Queued => options.QueueCuts[0],
            PipelineTopology.Dataflow => 1,
            _ => chain.Count,
        };
        Clock = new StageClock(chain.Count, options.SampleEvery);
    }

    public Carrier Holder => Volatile.Read(ref _carrier);

    public long Progress => Volatile.Read(ref _counters.Served) + Volatile.Read(ref _counters.Wakeups) + Volatile.Read(ref _counters.Expired);

    /// <summary>Any thread: whether it waits at its source, or is just about to.</summary>
    internal bool IsAsleep => Volatile.Read(ref _asleep) != 0;

    /// <summary>After <see cref="Stop"/>: whether the thread came to its end.</summary>
    internal bool HasEnded => _ended;

    /// <summary>The shard's clock; touched on its thread only, but for what it says of itself.</summary>
    internal StageClock Clock { get; }

    /// <summary>Who looks at the stages for a while; null: nobody. Touched on the shard's thread only.</summary>
    internal StageProbe<TItem>? Probe { get; set; }

    internal void Connect(IHandover<TItem>? handover, Watchdog watchdog)
    {
        _handover = handover;
        _watchdog = watchdog;
    }

    internal void Start()
    {
        Carrier carrier = _carrier;
        StartThread(carrier, () => RunLoop(carrier));
    }

    /// <summary>Any thread but this shard's: runs an action between two requests and waits for it.</summary>
    internal void Invoke(Action action)
    {
        if (Holder.IsCurrentThread)
        {
            throw new InvalidOperationException("a shard's own thread cannot wait for itself");
        }

        var request = new ControlRequest(action);
        _requests.Enqueue(request);
        Interlocked.Exchange(ref _requested, 1);
        WakeIfAsleep();
        if (Volatile.Read(ref _stopping) != 0)
        {
            RefuseRequests();
        }

        request.Wait();
    }

    /// <summary>Any thread that owns an away item.</summary>
    public void Finish(TItem item, StageFlow outcome, int next)
    {
        item.Outcome = outcome;
        item.NextStage = next;
        if (item.TryComplete())
        {
            _mailbox.Push(item);
            WakeIfAsleep();
            return;
        }

        // The deadline won: the lane has its answer, and nobody will ask for this item again.
        item.Discard();
        Interlocked.Increment(ref _counters.LateResults);
        Recycle(item);
    }

    /// <summary>
    /// Any thread, after it left something for the shard and a full fence (the exchange inside <see cref="Mailbox.Push"/>, or the one in <see cref="Invoke"/>).
    /// Pairs with the fence in <see cref="Block"/>.
    /// </summary>
    internal void WakeIfAsleep()
    {
        if (Volatile.Read(ref _asleep) != 0 && Interlocked.Exchange(ref _asleep, 0) != 0)
        {
            _source.Wake();
        }
    }

    /// <summary>Any thread: what was counted so far. Nobody waits.</summary>
    internal ShardTotals ReadTotals() => new(
        Volatile.Read(ref _counters.Served),
        Volatile.Read(ref _counters.Wakeups),
        Volatile.Read(ref _counters.Deliveries),
        Volatile.Read(ref _counters.Spurious),
        Volatile.Read(ref _counters.Offloaded),
        Volatile.Read(ref _counters.NoPlace),
        Volatile.Read(ref _counters.Expired),
        Volatile.Read(ref _counters.LateResults),
        Volatile.Read(ref _counters.Takeovers));

    /// <summary>Watchdog thread: a take-over of this shard's or one of its parts' threads.</summary>
    internal void CountTakeover() => Interlocked.Increment(ref _counters.Takeovers);

    public void TakeOver(PipelineItem stuck, long since)
    {
        CountTakeover();
        var carrier = new Carrier(_name);
        Volatile.Write(ref _carrier, carrier);
        StartThread(carrier, () =>
        {
            // The item is with the stuck thread now, as if that were a worker; its time counts from when it was first seen stuck.
            var lane = (Lane<TItem>)stuck.Lane!;
            lane.Away = true;
            lane.LeftAt = since;
            stuck.StartedAt = since;
            _handedOver++;
            AddTimer(lane, since + PipelineTimes.FromMilliseconds(stuck.DeadlineMilliseconds));
            RunLoop(carrier);
        });
    }

    /// <summary>Ends the thread; workers may still send items home.</summary>
    internal void Stop()
    {
        Interlocked.Exchange(ref _stopping, 1);
        _source.Wake();
        _ended = _thread?.Join(PipelineTimes.JoinMilliseconds) ?? true;
        RefuseRequests();
    }

    /// <summary>After <see cref="Stop"/>, when no thread sends items home any more.</summary>
    public void Dispose()
    {
        if (_ended)
        {
            _source.Dispose();
        }
    }

    private void StartThread(Carrier carrier, Action body)
    {
        _thread = new Thread(() =>
        {
            carrier.Begin();
            body();
        }) { IsBackground = true, Name = _name };
        _thread.Start();
    }

    private void RunLoop(Carrier me)
    {
        while (RunOnce(me))
        {
        }

        if (me.Current is TItem { IsTaken: true } item)
        {
            FinishStuck(me, item);
        }
    }

    // False when the engine stops, or when this thread lost the shard: then it touches nothing of it any more.
    private bool RunOnce(Carrier me)
    {
        if (Volatile.Read(ref _stopping) != 0)
        {
            return false;
        }

        if (Volatile.Read(ref _requested) != 0)
        {
            RunRequests();
        }

        if (me.IsAsked)
        {
            me.Answer();
        }

        if (!DrainMailbox() || !CheckTimers())
        {
            return false;
        }

        if (_hotCount > 0)
        {
            return RunRound();
        }

        if (_handedOver > 0 && Stopwatch.GetTimestamp() is var now && now - _lastHandover < _spinTicks)
        {
            // The item is on its way through the queues: its return is worth the same wait as a next request.
            Thread.SpinWait(8);
            AskSourceWhenDue(now);
            return true;
        }

        Block();
        return true;
    }

    private void Block()
    {
        int timeout = NextTimeout();
        Volatile.Write(ref _asleep, 1);

        // Full fence, pairs with those before WakeIfAsleep: this thread says that it sleeps, then looks for work; the others leave work, then look
        // whether it sleeps. One of the two sees the other.
        Interlocked.MemoryBarrier();
        if (!_mailbox.IsEmpty || Volatile.Read(ref _requested) != 0 || Volatile.Read(ref _stopping) != 0 || _carrier.IsAsked)
        {
            Volatile.Write(ref _asleep, 0);
            return;
        }

        int count = _source.Take(_delivered, timeout);
        _lastAsked = Stopwatch.GetTimestamp();
        Volatile.Write(ref _counters.Wakeups, _counters.Wakeups + 1);

        // Full fence between the count and the look at the watchdog (see Watchdog.Notice).
        Interlocked.Exchange(ref _asleep, 0);
        _watchdog!.Notice();
        Accept(count);
    }

    private void RunRequests()
    {
        // Cleared before the queue is read (full fence): who adds later sets it again.
        Interlocked.Exchange(ref _requested, 0);
        while (_requests.TryDequeue(out ControlRequest? request))
        {
            request.Run();
        }
    }

    private void RefuseRequests()
    {
        while (_requests.TryDequeue(out ControlRequest? request))
        {
            request.Refuse();
        }
    }

    // The stuck thread's end: its access came back after all.
    private void FinishStuck(Carrier me, TItem item)
    {
        me.AwaitReplaced();
        item.ClearTaken();
        StageFlow flow = item.Outcome;
        int next = item.NextStage;
        if (flow == StageFlow.Offload && next < _returnStage)
        {
            // The next stage may block, and this thread is a worker.
            TChain stages = _chain;
            flow = stages.Run(item, next, next + 1, out next);
        }

        Finish(item, flow, next);
    }

    private void Recycle(TItem item)
    {
        item.ComeHome();
        _spares.Return(item);
    }
}
