using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// Several items of one lane are under way at once, because the shard answers without those that are late: no more threads are at them than the lane's share,
/// and one that waits aside has its turn when another is done.
/// </summary>
public sealed class SharedTurns : Scenario
{
    private const int Readers = 3;
    private const int Items = 5;

    private readonly PlaceQueue<ToyItem> _queue = new();
    private readonly int[] _finished = new int[Items];
    private Place<ToyItem> _place = null!;
    private int _most;
    private int _inside;
    private int _ended;

    public override void Run()
    {
        _place = _queue.MakePlace();
        _most = 1 + Choose(2);
        var readers = new Thread[Readers];
        for (int i = 0; i < Readers; i++)
        {
            readers[i] = new Thread(Read) { Name = $"reader {i}" };
            readers[i].Start();
        }

        for (int i = 0; i < Items; i++)
        {
            Send(i);
        }

        foreach (Thread reader in readers)
        {
            reader.Join();
        }

        foreach (int times in _finished)
        {
            Check(times == 1, $"an item was finished {times} times");
        }

        EngineScenario.CheckShare(ref _place.Share, _most);
    }

    private void Send(int number)
    {
        var item = new ToyItem { Value = number };
        item.LeaveHome();
        Check(_queue.TryPost(_place, item, out ToyItem? late), "a queue with a place for every lane had none");
        if (late is not null)
        {
            Check(late.IsExpired, "an item that was not late lost its place");
            Finish(late);
        }

        // The lane goes on when it has its answer, which may be one without the item.
        Thread.Yield();
        item.TryExpire();
    }

    private void Read()
    {
        Place<ToyItem>? next = null;
        while (Volatile.Read(ref _ended) < Items)
        {
            Place<ToyItem>? place = next;
            if (place is null && !_queue.TryTakePlace(_most, out place))
            {
                Thread.Yield();
                continue;
            }

            ToyItem item = place.Take();
            _inside++;
            Check(_inside <= _most, $"{_inside} threads are at items of a lane that may have {_most}");
            Thread.Yield();
            _inside--;
            next = place.Share.End() ? place : null;
            Finish(item);
        }
    }

    private void Finish(ToyItem item)
    {
        item.TryComplete();
        _finished[item.Value]++;
        Interlocked.Increment(ref _ended);
    }
}
