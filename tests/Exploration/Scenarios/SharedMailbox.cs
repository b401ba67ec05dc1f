using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>Three threads send items home to one reader: none is lost or comes twice, and those of one thread come in its order.</summary>
public sealed class SharedMailbox : Scenario
{
    private const int Senders = 3;
    private const int Each = 2;

    private Mailbox _mailbox;

    public override void Run()
    {
        int[] next = new int[Senders];
        var threads = new Thread[Senders];
        for (int i = 0; i < Senders; i++)
        {
            int sender = i;
            threads[i] = new Thread(() => Send(sender)) { Name = $"sender {sender}" };
            threads[i].Start();
        }

        int taken = 0;
        while (taken < Senders * Each)
        {
            PipelineItem? chain = _mailbox.TakeAll();
            if (chain is null)
            {
                // Who has ended left nothing behind in a store buffer; so after the last one there is nothing to wait for.
                bool sending = Array.Exists(threads, static thread => thread.IsAlive);
                Check(sending || !_mailbox.IsEmpty, $"{taken} of {Senders * Each} items came home");
                Thread.Yield();
            }

            for (; chain is ToyItem item; chain = item.NextInMailbox)
            {
                int expected = next[item.Request]++;
                Check(item.Value == expected, $"item {item.Value} of sender {item.Request} came instead of item {expected}");
                taken++;
            }
        }

        Check(_mailbox.IsEmpty, "an item came twice");
    }

    private void Send(int sender)
    {
        for (int i = 0; i < Each; i++)
        {
            _mailbox.Push(new ToyItem { Request = sender, Value = i });
        }
    }
}
