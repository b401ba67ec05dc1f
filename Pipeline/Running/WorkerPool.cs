using System.Diagnostics;
using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// Threads for the one stage that may block: all started when the first item needs one, so that a shard allocates for threads once in its life;
/// fed by one queue, in the order of arrival over all lanes and shards. A worker runs the item's next stage and sends the item home.
/// </summary>
/// <remarks>
/// No lane has more than its share of them, half: its next item waits aside, and those of others go on. A worker that is past its item's deadline is replaced,
/// so what hangs costs threads, but no worker. As many hang as the items' targets let in, one each; should they let in more, there is an end of it
/// (<see cref="EngineOptions.MostHanging"/>), and the shares are what is left.
/// While items are short one worker is awake: more would take the processors from the shards, whose answers others wait for. Who posts while those that are
/// awake are all at long items wakes another, and the watchdog does for what waits behind one that became long; after a long item they wake each other
/// for a while.
/// </remarks>
internal sealed class WorkerPool<TItem, TChain> : IReplaceLate, IDisposable
    where TItem : PipelineItem
    where TChain : struct, IStageChain<TItem>
{
    private readonly PlaceQueue<TItem> _queue = new();
    private readonly ParkingSpot _parking = new();
    private readonly TChain _chain;
    private readonly SpareItems<TItem> _spares;
    private readonly Worker<TItem>?[] _workers;
    private readonly int _share;
    private readonly int _hangingLimit;
    private readonly long _shortWork = PipelineTimes.FromMicroseconds(PipelineTimes.ShortWorkMicroseconds);
    private readonly long _wide = PipelineTimes.FromMicroseconds(PipelineTimes.WideMicroseconds);

    // Until when a worker that leaves something in the queue wakes another one.
    private long _wideUntil;
    private int _started;
    private int _stopping;
    private int _hanging;
    private int _mostHanging;
    private long _replaced;

    internal WorkerPool(TChain chain, SpareItems<TItem> spares, EngineOptions options)
    {
        _chain = chain;
        _spares = spares;
        _workers = new Worker<TItem>?[options.Workers];
        _share = Math.Max(1, options.Workers / 2);
        _hangingLimit = options.MostHanging;
    }

    /// <summary>Workers replaced so far. Any thread.</summary>
    internal long Replaced => Interlocked.Read(ref _replaced);

    /// <summary>Items that had to wait because their lane had its share of the workers. Any thread.</summary>
    internal long HeldBack => _queue.HeldBack;

    /// <summary>Control: makes a lane's place.</summary>
    internal void MakePlace(Place<TItem>?[] places) => places[Lane<TItem>.WorkersPlace] = _queue.MakePlace();

    /// <summary>Any thread: hands an away item to a worker.</summary>
    /// <returns>False when there is no place, which there is for every lane: the item is still the caller's.</returns>
    internal bool TryPost(TItem item)
    {
        var lane = (Lane<TItem>)item.Lane!;
        if (!_queue.TryPost(lane.Places[Lane<TItem>.WorkersPlace]!, item, out TItem? late))
        {
            return false;
        }

        if (late is not null)
        {
            ((Lane<TItem>)late.Lane!).Home.Finish(late, PipelineItem.Refused, late.NextStage);
        }

        if (Volatile.Read(ref _started) == 0)
        {
            StartAll();
        }

        WakeUnlessSoonTaken(Stopwatch.GetTimestamp());
        return true;
    }

    public bool ReplaceLate(long now)
    {
        bool anyBusy = false;
        for (int i = 0; i < _workers.Length; i++)
        {
            if (Volatile.Read(ref _workers[i]) is not { IsBusy: true } worker)
            {
                continue;
            }

            anyBusy = true;
            if (Volatile.Read(ref _hanging) >= _hangingLimit || !worker.TryReplace(now, out TItem? stuck, out Place<TItem>? place))
            {
                continue;
            }

            int hanging = Interlocked.Increment(ref _hanging);
            Interlocked.Increment(ref _replaced);
            if (hanging > _mostHanging)
            {
                // One more item can be late than there was room for; made here, not by the shard that answers for it.
                _mostHanging = hanging;
                _spares.Make(1);
            }

            stuck.MarkStuck();
            StartAt(i, place.Share.End() ? place : null);
            worker.Carrier.MarkReplaced();
        }

        if (anyBusy && _queue.Count > 0)
        {
            WakeUnlessSoonTaken(now);
        }

        return anyBusy;
    }

    internal void Collect(List<Carrier> carriers)
    {
        for (int i = 0; i < _workers.Length; i++)
        {
            if (Volatile.Read(ref _workers[i]) is { } worker)
            {
                carriers.Add(worker.Carrier);
            }
        }
    }

    public void Dispose()
    {
        Volatile.Write(ref _stopping, 1);
        _parking.Signal();
        bool ended = true;
        for (int i = 0; i < _workers.Length; i++)
        {
            // A thread inside a dead device cannot be joined; it is a background thread and ends with the process.
            ended &= Volatile.Read(ref _workers[i])?.Thread is not { } thread || thread.Join(PipelineTimes.JoinMilliseconds);
        }

        if (ended)
        {
            _parking.Dispose();
        }
    }

    // The queue has been filled before the fence; a worker says that it parks before its own, and looks at the queue after it. So either it is seen to park
    // here, or it sees the item.
    private void WakeUnlessSoonTaken(long now)
    {
        Interlocked.MemoryBarrier();
        bool isLong = false;
        foreach (ref Worker<TItem>? worker in _workers.AsSpan())
        {
            if (Volatile.Read(ref worker) is not { } one)
            {
                continue;
            }

            if (one.IsSoonAtTheQueue(now, _shortWork))
            {
                return;
            }

            isLong |= one.IsBusy;
        }

        if (isLong)
        {
            Volatile.Write(ref _wideUntil, now + _wide);
        }

        _parking.Signal();
    }

    private void StartAll()
    {
        // Several shards may come here at once: one of them starts the threads.
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            for (int index = 0; index < _workers.Length; index++)
            {
                StartAt(index, first: null);
            }
        }
    }

    // First: the place of an item whose turn it is already.
    private void StartAt(int index, Place<TItem>? first)
    {
        var worker = new Worker<TItem>($"worker {index}");
        worker.Thread = new Thread(() => RunWorker(worker, first)) { IsBackground = true, Name = worker.Carrier.Name };
        Volatile.Write(ref _workers[index], worker);
        worker.Thread.Start();
    }

    private void RunWorker(Worker<TItem> me, Place<TItem>? first)
    {
        TChain stages = _chain;
        var wait = default(SpinWait);
        long turn = 0;
        me.Carrier.Begin();
        Place<TItem>? next = first;
        while (Volatile.Read(ref _stopping) == 0)
        {
            Place<TItem>? place = next;
            if (place is not null || _queue.TryTakePlace(_share, out place))
            {
                wait.Reset();
                if (_queue.Count > 0 && Stopwatch.GetTimestamp() < Volatile.Read(ref _wideUntil))
                {
                    _parking.Signal();
                }

                if (!RunNext(ref stages, place, me, out next))
                {
                    Interlocked.Decrement(ref _hanging);
                    return;
                }

                // Shards go first: where processors are few and the kernel's tick is coarse, a worker with much to do would keep one for a tick at a time.
                if (Stopwatch.GetTimestamp() - turn >= _shortWork)
                {
                    Thread.Yield();
                    turn = Stopwatch.GetTimestamp();
                }

                continue;
            }

            if (_queue.Count > 0)
            {
                // The oldest is still being written, and its writer may be waiting for this very processor.
                wait.SpinOnce(sleep1Threshold: -1);
                continue;
            }

            me.Parks();
            _parking.Announce();
            if (_queue.Count > 0 || Volatile.Read(ref _stopping) != 0)
            {
                _parking.Withdraw();
            }
            else
            {
                _parking.Park();
            }

            me.Looks();
        }

        _parking.Signal();
    }

    // False when this thread is no worker any more. Next: the place of an item that waited for this one.
    private bool RunNext(ref TChain stages, Place<TItem> place, Worker<TItem> me, out Place<TItem>? next)
    {
        TItem item = place.Take();
        IItemHome<TItem> home = ((Lane<TItem>)item.Lane!).Home;
        int from = item.NextStage;
        int end = from;
        StageFlow flow = StageFlow.Continue;
        long began = item.StartedAt;
        me.Begin(item, place);
        if (!item.IsExpired)
        {
            flow = item.Timed ? stages.RunTimed(item, from, from + 1, out end) : stages.Run(item, from, from + 1, out end);
            me.Carrier.Note(from, end);
        }

        long now = Stopwatch.GetTimestamp();
        if (now - began >= _shortWork)
        {
            Volatile.Write(ref _wideUntil, now + _wide);
        }

        // In this order: who has been replaced finds its turn given away, and an item that is home is nobody's any more.
        bool isWorker = me.TryEnd();
        next = isWorker && place.Share.End() ? place : null;
        home.Finish(item, flow, end);

        // Slow work anyway: the figure is noted each time, so a report needs no answer from a thread that may be blocked.
        me.Carrier.NoteAllocated();
        return isWorker;
    }
}
