using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// The items of two lanes on their way through one queue, each on two ways at once: a thread that is late hands on the lane's first item while the shard has
/// answered without it and sends the next. Every item is finished once, and only one that is late loses its place.
/// </summary>
public sealed class SharedPlaces : Scenario
{
    private const int Lanes = 2;
    private const int Each = 3;

    private readonly PlaceQueue<ToyItem> _queue = new();
    private readonly int[,] _finished = new int[Lanes, Each];
    private int _ended;

    public override void Run()
    {
        Thread[] readers = [new(Read) { Name = "reader 0" }, new(Read) { Name = "reader 1" }];
        var shards = new Thread[Lanes];
        for (int i = 0; i < Lanes; i++)
        {
            int lane = i;
            Place<ToyItem> place = _queue.MakePlace();
            shards[lane] = new Thread(() => Send(lane, place)) { Name = $"lane {lane}" };
        }

        foreach (Thread thread in (Thread[])[.. readers, .. shards])
        {
            thread.Start();
        }

        foreach (Thread thread in (Thread[])[.. readers, .. shards])
        {
            thread.Join();
        }

        foreach (int times in _finished)
        {
            Check(times == 1, $"an item was finished {times} times");
        }

        Check(_queue.Count == 0, $"{_queue.Count} places left in the queue");
    }

    private void Send(int lane, Place<ToyItem> place)
    {
        for (int i = 0; i < Each; i++)
        {
            var item = new ToyItem { Request = lane, Value = i };
            item.LeaveHome();
            Thread? other = null;
            if (Choose(2) == 0)
            {
                other = new Thread(() => Post(place, item)) { Name = $"a thread of lane {lane}" };
                other.Start();
            }
            else
            {
                Post(place, item);
            }

            // Either side may win: then the lane has its answer and goes on.
            if (!item.TryExpire())
            {
                other?.Join();
            }
        }
    }

    private void Post(Place<ToyItem> place, ToyItem item)
    {
        Check(_queue.TryPost(place, item, out ToyItem? late), "a queue with a place for every lane had none");
        if (late is not null)
        {
            Check(late.IsExpired, "an item that was not late lost its place");
            Finish(late);
        }
    }

    private void Read()
    {
        while (Volatile.Read(ref _ended) < Lanes * Each)
        {
            if (_queue.TryTake(out ToyItem? item))
            {
                Check(item.StartedAt != 0, "an item was taken without a time from which its deadline counts");
                Finish(item);
            }
            else
            {
                Thread.Yield();
            }
        }
    }

    private void Finish(ToyItem item)
    {
        item.TryComplete();
        _finished[item.Request, item.Value]++;
        Interlocked.Increment(ref _ended);
    }
}
