using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// Two writers and two readers at a queue that is full and empty all the time: each item is read once, and what one writer wrote is read in
/// its order.
/// </summary>
public sealed class ContendedQueue : Scenario
{
    private const int Writers = 2;
    private const int Each = 3;

    private readonly BoundedQueue<ToyItem> _queue = new(2);
    private readonly int[,] _seen = new int[Writers, Each];
    private int _read;

    public override void Run()
    {
        Thread[] threads =
        [
            new(() => Write(0)) { Name = "writer 0" },
            new(() => Write(1)) { Name = "writer 1" },
            new(Read) { Name = "reader 0" },
            new(Read) { Name = "reader 1" },
        ];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        foreach (int times in _seen)
        {
            Check(times == 1, $"an item was read {times} times");
        }
    }

    private void Write(int writer)
    {
        for (int i = 0; i < Each; i++)
        {
            var item = new ToyItem { Request = writer, Value = i };
            while (!_queue.TryWrite(item))
            {
                Thread.Yield();
            }
        }
    }

    private void Read()
    {
        int[] last = [-1, -1];
        while (Volatile.Read(ref _read) < Writers * Each)
        {
            if (!_queue.TryRead(out ToyItem? item))
            {
                Thread.Yield();
                continue;
            }

            Check(item is not null, "a slot said that it holds an item and held none");
            Check(item.Value > last[item.Request], $"item {item.Value} of writer {item.Request} came after item {last[item.Request]}");
            last[item.Request] = item.Value;
            _seen[item.Request, item.Value]++;
            Interlocked.Increment(ref _read);
        }
    }
}
