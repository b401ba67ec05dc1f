using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// As many items as places go round: out through the queue, back through the mailbox. Such a queue is never full, and no item is in two
/// hands.
/// </summary>
public sealed class CirculatingQueue : Scenario
{
    private const int Items = 2;
    private const int Rounds = 6;

    private readonly BoundedQueue<ToyItem> _queue = new(Items);
    private Mailbox _mailbox;
    private int _passed;

    public override void Run()
    {
        Thread[] readers = [new(Read) { Name = "reader 0" }, new(Read) { Name = "reader 1" }];
        foreach (Thread reader in readers)
        {
            reader.Start();
        }

        for (int i = 0; i < Items; i++)
        {
            Write(new ToyItem());
        }

        int written = Items;
        while (written < Rounds)
        {
            PipelineItem? back = _mailbox.TakeAll();
            if (back is null)
            {
                Thread.Yield();
            }

            while (back is ToyItem item)
            {
                back = item.NextInMailbox;
                item.NextInMailbox = null;
                if (written < Rounds)
                {
                    Write(item);
                    written++;
                }
            }
        }

        foreach (Thread reader in readers)
        {
            reader.Join();
        }

        Check(_queue.Count == 0, $"{_queue.Count} items left");
    }

    private void Write(ToyItem item)
    {
        item.Value = 0;
        Check(_queue.TryWrite(item), "a queue with a place for every item said that it is full");
    }

    private void Read()
    {
        while (Volatile.Read(ref _passed) < Rounds)
        {
            if (!_queue.TryRead(out ToyItem? item))
            {
                Thread.Yield();
                continue;
            }

            Check(item is not null, "a slot said that it holds an item and held none");
            Check(item.Value++ == 0, "an item was read twice");
            _mailbox.Push(item);
            Interlocked.Increment(ref _passed);
        }
    }
}
