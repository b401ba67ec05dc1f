using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Tests.Queues;

public sealed class GrowingQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(65)]
    [InlineData(1000)]
    public void It_takes_at_least_what_was_reserved_and_keeps_the_order_over_its_growth(int reserved)
    {
        var queue = new GrowingQueue<string>();
        for (int i = 0; i < reserved; i++)
        {
            queue.Reserve();
            Assert.True(queue.TryWrite($"{i}"));
        }

        Assert.Equal(reserved, queue.Count);
        for (int i = 0; i < reserved; i++)
        {
            Assert.True(queue.TryRead(out string? item));
            Assert.Equal($"{i}", item);
        }

        Assert.False(queue.TryRead(out _));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void Beyond_its_room_it_says_so()
    {
        var queue = new GrowingQueue<string>();
        queue.Reserve(100);
        int taken = 0;
        while (queue.TryWrite("item"))
        {
            taken++;
        }

        Assert.InRange(taken, 100, 200);
        Assert.True(queue.TryRead(out _));
        Assert.True(queue.TryWrite("item"));
    }

    // Lanes come one by one: twice the room each time costs a few growths for thousands of them.
    [Theory]
    [InlineData(64, 64)]
    [InlineData(65, 128)]
    [InlineData(129, 256)]
    public void One_place_too_many_doubles_its_room(int reserved, int room)
    {
        var queue = new GrowingQueue<string>();
        for (int i = 0; i < reserved; i++)
        {
            queue.Reserve();
        }

        int taken = 0;
        while (queue.TryWrite("item"))
        {
            taken++;
        }

        Assert.Equal((room, room), (taken, queue.Count));
    }

    [Fact]
    public void Fewer_than_one_place_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new GrowingQueue<string>().Reserve(0));

    [Fact]
    public void Writing_and_reading_allocate_nothing_and_only_reserving_does()
    {
        var queue = new GrowingQueue<string>();
        queue.Reserve(200);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int lap = 0; lap < 10; lap++)
        {
            for (int i = 0; i < 200; i++)
            {
                queue.TryWrite("item");
            }

            while (queue.TryRead(out _))
            {
            }
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    public void While_it_grows_under_writers_and_readers_nothing_is_lost_refused_or_out_of_a_writers_order(int writers, int readers)
    {
        const int Items = 20_000;
        var queue = new GrowingQueue<Tuple<int, int>>();
        queue.Reserve(writers);
        int left = writers * Items;
        int refused = 0;
        var taken = new List<Tuple<int, int>>[readers];
        var threads = new List<Thread>();
        for (int w = 0; w < writers; w++)
        {
            int writer = w;
            threads.Add(new Thread(() =>
            {
                for (int i = 0; i < Items; i++)
                {
                    // Every item brings its place, in steps, as lanes do.
                    if (i % 16 == 0)
                    {
                        queue.Reserve(16);
                    }

                    refused += queue.TryWrite(Tuple.Create(writer, i)) ? 0 : 1;
                }
            }));
        }

        for (int r = 0; r < readers; r++)
        {
            List<Tuple<int, int>> mine = taken[r] = [];
            threads.Add(new Thread(() =>
            {
                while (Volatile.Read(ref left) > 0)
                {
                    if (queue.TryRead(out Tuple<int, int>? item))
                    {
                        mine.Add(item);
                        Interlocked.Decrement(ref left);
                    }
                    else
                    {
                        Thread.Yield();
                    }
                }
            }));
        }

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(0, refused);
        Assert.Equal(writers * Items, taken.SelectMany(items => items).Distinct().Count());
        foreach (List<Tuple<int, int>> items in taken)
        {
            for (int w = 0; w < writers; w++)
            {
                int[] order = items.Where(item => item.Item1 == w).Select(item => item.Item2).ToArray();
                Assert.Equal(order.Order(), order);
            }
        }
    }
}
