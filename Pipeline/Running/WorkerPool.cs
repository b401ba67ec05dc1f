using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// Threads for the one stage that may block: all started when the first item needs one, so that a shard allocates for threads once in its life;
/// fed by one queue, in the order of arrival over all lanes and shards. A worker runs the item's next stage and sends the item home.
/// </summary>
internal sealed class WorkerPool<TItem, TChain>(TChain chain, EngineOptions options) : IDisposable
    where TItem : PipelineItem
    where TChain : struct, IStageChain<TItem>
{
    private readonly PlaceQueue<TItem> _queue = new();
    private readonly ParkingSpot _parking = new();
    private readonly Carrier[] _carriers = new Carrier[options.Workers];
    private readonly Thread[] _threads = new Thread[options.Workers];
    private int _started;
    private int _stopping;

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

        _parking.Signal();
        return true;
    }

    internal void Collect(List<Carrier> carriers)
    {
        for (int i = 0; i < _carriers.Length; i++)
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
        for (int i = 0; i < _threads.Length; i++)
        {
            // A thread inside a dead device cannot be joined; it is a background thread and ends with the process.
            ended &= Volatile.Read(ref _threads[i]) is not { } thread || thread.Join(PipelineTimes.JoinMilliseconds);
        }

        if (ended)
        {
            _parking.Dispose();
        }
    }

    private void StartAll()
    {
        // Several shards may come here at once: one of them starts the threads.
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            for (int index = 0; index < _threads.Length; index++)
            {
                StartAt(index);
            }
        }
    }

    // Apart, because each thread's closure holds a carrier of its own.
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
        var wait = default(SpinWait);
        me.Begin();
        while (Volatile.Read(ref _stopping) == 0)
        {
            if (_queue.TryTake(out TItem? item))
            {
                wait.Reset();
                if (_queue.Count > 0)
                {
                    _parking.Signal();
                }

                RunNext(ref stages, item, me);
                continue;
            }

            if (_queue.Count > 0)
            {
                // The oldest is still being written, and its writer may be waiting for this very processor.
                wait.SpinOnce(sleep1Threshold: -1);
                continue;
            }

            _parking.Announce();
            if (_queue.Count > 0 || Volatile.Read(ref _stopping) != 0)
            {
                _parking.Withdraw();
            }
            else
            {
                _parking.Park();
            }
        }

        _parking.Signal();
    }

    private static void RunNext(ref TChain stages, TItem item, Carrier me)
    {
        IItemHome<TItem> home = ((Lane<TItem>)item.Lane!).Home;
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
