using System.Threading.Channels;

namespace PciBackFlow.Pipeline;

/// <summary>
/// Threads for the one stage that may block: started on demand, fed by one bounded channel. A worker runs the item's next stage and sends the
/// item home.
/// </summary>
internal sealed class WorkerPool<TItem, TChain>(TChain chain, EngineOptions options) : IDisposable
    where TItem : PipelineItem
    where TChain : struct, IStageChain<TItem>
{
    private readonly Channel<TItem> _queue = Channel.CreateBounded<TItem>(new BoundedChannelOptions(options.WorkerQueueCapacity)
    {
        FullMode = BoundedChannelFullMode.Wait,
        AllowSynchronousContinuations = false,
    });

    private readonly ParkingSpot _parking = new();
    private readonly Carrier[] _carriers = new Carrier[options.Workers];
    private readonly Thread[] _threads = new Thread[options.Workers];
    private int _started;
    private int _idle;
    private int _stopping;

    /// <summary>Any thread: hands an away item to a worker.</summary>
    /// <returns>False when the queue is full: the item is still the caller's.</returns>
    internal bool TryPost(TItem item)
    {
        if (!_queue.Writer.TryWrite(item))
        {
            return false;
        }

        // Waiting items against idle workers: an idle one that is just being woken still counts, so a burst may start one thread
        // too few at first; the next item starts it, and the woken worker passes the signal on.
        if (_queue.Reader.Count > Volatile.Read(ref _idle))
        {
            StartOne();
        }

        _parking.Signal();
        return true;
    }

    internal void Collect(List<Carrier> carriers)
    {
        int started = Math.Min(Volatile.Read(ref _started), _threads.Length);
        for (int i = 0; i < started; i++)
        {
            if (Volatile.Read(ref _carriers[i]) is { } carrier)
            {
                carriers.Add(carrier);
            }
        }
    }

    public void Dispose()
    {
        Volatile.Write(ref _stopping, 1);
        _parking.Signal();
        bool ended = true;
        int started = Math.Min(Volatile.Read(ref _started), _threads.Length);
        for (int i = 0; i < started; i++)
        {
            // A thread inside a dead device cannot be joined; it is a background thread and ends with the process.
            ended &= Volatile.Read(ref _threads[i]) is not { } thread || thread.Join(PipelineTimes.JoinMilliseconds);
        }

        if (ended)
        {
            _parking.Dispose();
        }
    }

    private void StartOne()
    {
        if (Volatile.Read(ref _started) >= _threads.Length)
        {
            return;
        }

        int index = Interlocked.Increment(ref _started) - 1;
        if (index >= _threads.Length)
        {
            return;
        }

        StartAt(index);
    }

    // Apart, because the thread's closure is made on entry, also where nothing is started.
    private void StartAt(int index)
    {
        var carrier = new Carrier($"worker {index}");
        var thread = new Thread(() => RunWorker(carrier)) { IsBackground = true, Name = carrier.Name };
        Volatile.Write(ref _threads[index], thread);
        thread.Start();
        Volatile.Write(ref _carriers[index], carrier);
    }

    private void RunWorker(Carrier me)
    {
        TChain stages = chain;
        me.Begin();
        while (Volatile.Read(ref _stopping) == 0)
        {
            if (_queue.Reader.TryRead(out TItem? item))
            {
                if (_queue.Reader.Count > 0)
                {
                    _parking.Signal();
                }

                RunNext(ref stages, item, me);
                continue;
            }

            _parking.Announce();
            Interlocked.Increment(ref _idle);
            if (_queue.Reader.Count > 0 || Volatile.Read(ref _stopping) != 0)
            {
                _parking.Withdraw();
            }
            else
            {
                _parking.Park();
            }

            Interlocked.Decrement(ref _idle);
        }

        _parking.Signal();
    }

    private static void RunNext(ref TChain stages, TItem item, Carrier me)
    {
        var home = ((Lane<TItem>)item.Lane!).Home;
        int from = item.NextStage;
        int next = from;
        StageFlow flow = StageFlow.Continue;
        if (!item.IsExpired)
        {
            flow = item.Timed ? stages.RunTimed(item, from, from + 1, out next) : stages.Run(item, from, from + 1, out next);
            me.Note(from, next);
        }

        home.Finish(item, flow, next);

        // Slow work anyway: the figure is noted each time, so a report needs no answer from a thread that may be blocked.
        me.NoteAllocated();
    }
}
