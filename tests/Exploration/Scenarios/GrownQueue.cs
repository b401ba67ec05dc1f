using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// A queue grows while two write and two read, who park when it is empty: nobody is refused, each item is read once, those of one writer in their
/// order, and none is left in a queue whose readers sleep.
/// </summary>
public sealed class GrownQueue : Scenario
{
    private const int Writers = 2;
    private const int Each = 2;

    // What a queue has room for without growing.
    private const int Small = 64;

    private readonly GrowingQueue<ToyItem> _queue = new();
    private readonly ParkingSpot _parking = new();
    private readonly int[,] _seen = new int[Writers, Each];
    private int _read;
    private int _stopping;

    public override void Run()
    {
        _queue.Reserve(Small);
        Thread[] writers = [new(() => Write(0)) { Name = "writer 0" }, new(() => Write(1)) { Name = "writer 1" }];
        Thread[] readers = [new(Read) { Name = "reader 0" }, new(Read) { Name = "reader 1" }];
        foreach (Thread thread in (Thread[])[.. readers, .. writers])
        {
            thread.Start();
        }

        _queue.Reserve();
        foreach (Thread writer in writers)
        {
            writer.Join();
        }

        WaitUntil("all items to be read", () => _read == Writers * Each);
        Volatile.Write(ref _stopping, 1);
        _parking.Signal();
        foreach (Thread reader in readers)
        {
            reader.Join();
        }

        foreach (int times in _seen)
        {
            Check(times == 1, $"an item was read {times} times");
        }

        Check(_queue.Count == 0, $"{_queue.Count} items left");
    }

    private void Write(int writer)
    {
        for (int i = 0; i < Each; i++)
        {
            Check(_queue.TryWrite(new ToyItem { Request = writer, Value = i }), "a queue with room for every item refused one");
            _parking.Signal();
        }
    }

    // As a worker does.
    private void Read()
    {
        int[] last = [-1, -1];
        while (Volatile.Read(ref _stopping) == 0)
        {
            if (_queue.TryRead(out ToyItem? item))
            {
                if (_queue.Count > 0)
                {
                    _parking.Signal();
                }

                Check(item.Value > last[item.Request], $"item {item.Value} of writer {item.Request} came after item {last[item.Request]}");
                last[item.Request] = item.Value;
                _seen[item.Request, item.Value]++;
                Interlocked.Increment(ref _read);
                continue;
            }

            if (_queue.Count > 0)
            {
                Thread.Yield();
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
}
