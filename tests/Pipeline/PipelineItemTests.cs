using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests;

public sealed class PipelineItemTests
{
    [Fact]
    public void Of_completion_and_deadline_exactly_one_wins()
    {
        const int Rounds = 20_000;
        var item = new ToyItem();
        int completed = 0;
        int expired = 0;
        using var barrier = new Barrier(2);
        var worker = new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                barrier.SignalAndWait();
                completed += item.TryComplete() ? 1 : 0;
                barrier.SignalAndWait();
            }
        });
        worker.Start();
        for (int i = 0; i < Rounds; i++)
        {
            item.ComeHome();
            item.LeaveHome();
            barrier.SignalAndWait();
            bool mine = item.TryExpire();
            expired += mine ? 1 : 0;
            barrier.SignalAndWait();
            Assert.Equal(i + 1, completed + expired);
            Assert.Equal(mine, item.IsExpired);
        }

        worker.Join();
    }

    [Fact]
    public void An_access_on_a_worker_survives_the_deadline_that_passes_meanwhile()
    {
        var item = new ToyItem();
        item.LeaveHome();
        item.EnterAccess();
        Assert.True(item.TryExpire());
        Assert.True(item.LeaveAccess());
        Assert.False(item.TryComplete());
        Assert.True(item.IsExpired);
        item.ComeHome();
        Assert.False(item.IsExpired);
    }

    [Fact]
    public void The_watchdog_can_only_take_the_very_access_it_saw()
    {
        var item = new ToyItem();
        item.EnterAccess();
        long seen = item.Word;
        Assert.True(item.LeaveAccess());
        Assert.False(item.TryTake(seen));
        item.EnterAccess();
        Assert.False(item.TryTake(seen));
        Assert.True(item.TryTake(item.Word));
        Assert.False(item.LeaveAccess());
        Assert.True(item.IsTaken);
        item.ClearTaken();
        item.EnterAccess();
        Assert.True(item.LeaveAccess());
        Assert.True(item.TryComplete());
    }

    [Fact]
    public void Entering_and_leaving_accesses_allocates_nothing()
    {
        var item = new ToyItem();
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Run()
        {
            for (int i = 0; i < 1000; i++)
            {
                item.ComeHome();
                item.EnterAccess();
                item.LeaveAccess();
                item.LeaveHome();
                item.EnterAccess();
                item.LeaveAccess();
            }
        }
    }

    [Fact]
    public void A_mailbox_keeps_the_order_of_its_writer_and_loses_nothing()
    {
        const int Writers = 3;
        const int Each = 2000;
        Mailbox mailbox = default;
        var items = new ToyItem[Writers][];
        var threads = new Thread[Writers];
        for (int w = 0; w < Writers; w++)
        {
            ToyItem[] mine = items[w] = new ToyItem[Each];
            for (int i = 0; i < Each; i++)
            {
                mine[i] = new ToyItem { Request = i, Value = w };
            }

            threads[w] = new Thread(() =>
            {
                foreach (ToyItem item in mine)
                {
                    mailbox.Push(item);
                }
            });
            threads[w].Start();
        }

        int[] expected = new int[Writers];
        int total = 0;
        long end = Environment.TickCount64 + 5000;
        while (total < Writers * Each)
        {
            Assert.True(Environment.TickCount64 < end, $"{total} of {Writers * Each}");
            for (PipelineItem? next = mailbox.TakeAll(); next is ToyItem item; next = item.NextInMailbox)
            {
                Assert.Equal(expected[item.Value]++, item.Request);
                total++;
            }
        }

        Assert.True(mailbox.IsEmpty);
    }
}
