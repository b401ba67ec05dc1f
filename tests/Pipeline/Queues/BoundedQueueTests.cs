using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Tests.Queues;

public sealed class BoundedQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void It_takes_as_many_items_as_its_capacity_and_gives_them_back_in_order(int capacity)
    {
        var queue = new BoundedQueue<string>(capacity);
        for (int lap = 0; lap < 5; lap++)
        {
            for (int i = 0; i < capacity; i++)
            {
                Assert.True(queue.TryWrite($"{lap} {i}"));
            }

            Assert.False(queue.TryWrite("one too many"));
            Assert.Equal(capacity, queue.Count);

            for (int i = 0; i < capacity; i++)
            {
                Assert.True(queue.TryRead(out string? item));
                Assert.Equal($"{lap} {i}", item);
            }

            Assert.False(queue.TryRead(out _));
            Assert.Equal(0, queue.Count);
        }
    }

    [Fact]
    public void A_capacity_below_one_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedQueue<string>(0));

    [Theory]
    [InlineData(1, 2, 2)]
    [InlineData(4, 3, 2)]
    [InlineData(64, 2, 3)]
    public void Among_many_writers_and_readers_every_item_arrives_once_and_each_writers_in_order(int capacity, int writers, int readers)
    {
        const int Items = 20_000;
        var queue = new BoundedQueue<Tuple<int, int>>(capacity);
        var taken = new List<Tuple<int, int>>[readers];
        int left = writers * Items;
        var threads = new List<Thread>();
        for (int w = 0; w < writers; w++)
        {
            int writer = w;
            threads.Add(new Thread(() =>
            {
                for (int i = 0; i < Items; i++)
                {
                    var item = Tuple.Create(writer, i);
                    while (!queue.TryWrite(item))
                    {
                        Thread.Yield();
                    }
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

    // A reader that is preempted between taking its turn and freeing the slot made the queue look full once the others had gone around:
    // a guest's interrupt request was refused beside an almost empty queue. More threads than processors make that preemption likely.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 3)]
    [InlineData(64, 16)]
    public void It_is_never_full_while_fewer_items_than_its_capacity_are_about(int capacity, int items)
    {
        var queue = new BoundedQueue<string>(capacity);
        for (int i = 0; i < items; i++)
        {
            Assert.True(queue.TryWrite($"item {i}"));
        }

        int refused = 0;
        long end = Environment.TickCount64 + 1000;
        var threads = Enumerable.Range(0, 4 * Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (Environment.TickCount64 < end)
            {
                if (!queue.TryRead(out string? item))
                {
                    Thread.Yield();
                }
                else if (!queue.TryWrite(item))
                {
                    Interlocked.Increment(ref refused);
                }
            }
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(0, refused);
        Assert.Equal(items, queue.Count);
    }

    [Fact]
    public void Once_closed_it_takes_nothing_more_and_is_drained_when_the_rest_has_been_read()
    {
        var queue = new BoundedQueue<string>(4);
        queue.TryWrite("first");
        queue.TryWrite("second");

        queue.Close();

        Assert.False(queue.TryWrite("third"));
        Assert.True(queue.IsClosed);
        Assert.False(queue.IsDrained);
        Assert.Equal(2, queue.Count);
        Assert.True(queue.TryRead(out string? item));
        Assert.Equal("first", item);
        Assert.True(queue.TryRead(out _));
        Assert.True(queue.IsDrained);
        Assert.False(queue.TryRead(out _));
    }

    [Fact]
    public void What_was_read_is_forgotten()
    {
        var queue = new BoundedQueue<object>(4);

        WeakReference item = HandOver(queue);
        GC.Collect();

        Assert.False(item.IsAlive);
        GC.KeepAlive(queue);
    }

    [Fact]
    public void Handing_items_over_allocates_nothing_from_the_first_on()
    {
        var queue = new BoundedQueue<string>(64);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 1000; i++)
        {
            queue.TryWrite("item");
            if (i % 3 == 0)
            {
                queue.TryRead(out _);
            }
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference HandOver(BoundedQueue<object> queue)
    {
        queue.TryWrite(new object());
        Assert.True(queue.TryRead(out object? item));
        return new WeakReference(item);
    }
}
