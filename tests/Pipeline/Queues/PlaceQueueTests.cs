using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Queues;

public sealed class PlaceQueueTests
{
    private readonly PlaceQueue<ToyItem> _queue = new();

    [Fact]
    public void Items_come_out_in_the_order_in_which_they_went_in()
    {
        Place<ToyItem>[] places = [_queue.MakePlace(), _queue.MakePlace(), _queue.MakePlace()];
        ToyItem[] items = [Away(), Away(), Away()];
        foreach (int lane in (int[])[2, 0, 1])
        {
            Assert.True(_queue.TryPost(places[lane], items[lane], out ToyItem? late));
            Assert.Null(late);
        }

        foreach (int lane in (int[])[2, 0, 1])
        {
            Assert.True(_queue.TryTake(out ToyItem? item));
            Assert.Same(items[lane], item);
        }

        Assert.False(_queue.TryTake(out _));
    }

    [Fact]
    public void An_item_goes_on_from_where_its_lanes_late_one_stood()
    {
        Place<ToyItem> first = _queue.MakePlace();
        Place<ToyItem> second = _queue.MakePlace();
        ToyItem late = Away();
        ToyItem other = Away();
        ToyItem next = Away();
        _queue.TryPost(first, late, out _);
        _queue.TryPost(second, other, out _);
        Assert.True(late.TryExpire());

        Assert.True(_queue.TryPost(first, next, out ToyItem? outOfPlace));

        Assert.Same(late, outOfPlace);
        Assert.Equal(2, _queue.Count);
        Assert.True(_queue.TryTake(out ToyItem? item));
        Assert.Same(next, item);
    }

    [Fact]
    public void An_item_that_is_late_itself_takes_no_place_from_one_that_came_after_it()
    {
        Place<ToyItem> place = _queue.MakePlace();
        ToyItem late = Away();
        ToyItem next = Away();
        Assert.True(late.TryExpire());
        _queue.TryPost(place, next, out _);

        Assert.True(_queue.TryPost(place, late, out ToyItem? outOfPlace));

        Assert.Same(late, outOfPlace);
        Assert.True(_queue.TryTake(out ToyItem? item));
        Assert.Same(next, item);
        Assert.False(_queue.TryTake(out _));
    }

    [Fact]
    public void Waiting_has_no_beginning_and_being_taken_has()
    {
        Place<ToyItem> place = _queue.MakePlace();
        ToyItem item = Away();
        item.StartedAt = 1;
        _queue.TryPost(place, item, out _);
        Assert.Equal(0, item.StartedAt);
        long before = System.Diagnostics.Stopwatch.GetTimestamp();

        Assert.True(_queue.TryTake(out _));

        Assert.InRange(item.StartedAt, before, System.Diagnostics.Stopwatch.GetTimestamp());
    }

    [Fact]
    public void A_place_whose_lane_has_its_share_waits_aside_and_those_behind_it_go_on()
    {
        Place<ToyItem> first = _queue.MakePlace();
        Place<ToyItem> second = _queue.MakePlace();
        ToyItem next = Away();
        _queue.TryPost(first, Away(), out _);
        Assert.True(_queue.TryTakePlace(share: 1, out Place<ToyItem>? taken));
        Assert.Same(first, taken);
        first.Take();
        _queue.TryPost(first, next, out _);
        _queue.TryPost(second, Away(), out _);

        Assert.True(_queue.TryTakePlace(share: 1, out taken));

        Assert.Same(second, taken);
        Assert.Equal((1L, 0), (_queue.HeldBack, _queue.Count));
        Assert.False(_queue.TryTakePlace(share: 1, out _));
        Assert.True(first.Share.End());
        Assert.Same(next, first.Take());
        Assert.False(first.Share.End());
    }

    // There is a place for every lane, so this is a broken invariant: the caller answers, and nothing of the item stays behind.
    [Fact]
    public void A_queue_without_room_says_so_and_leaves_the_item_to_the_caller()
    {
        while (_queue.TryPost(new Place<ToyItem>(), Away(), out _))
        {
        }

        var place = new Place<ToyItem>();
        int count = _queue.Count;
        Assert.False(_queue.TryPost(place, Away(), out ToyItem? late));
        Assert.Null(late);
        Assert.True(_queue.TryTake(out _));
        Assert.True(_queue.TryPost(place, Away(), out late));
        Assert.Null(late);
        Assert.Equal(count, _queue.Count);
    }

    // One poster for each place, as each lane has one item; two takers, as there are many workers.
    [Fact]
    public void Beside_racing_deadlines_every_item_comes_out_once_and_no_place_is_ever_missing()
    {
        const int Lanes = 8;
        const int Rounds = 5_000;
        Place<ToyItem>[] places = [.. Enumerable.Range(0, Lanes).Select(_ => _queue.MakePlace())];
        long taken = 0;
        long late = 0;
        int refused = 0;
        int left = Lanes;
        var threads = new List<Thread>();
        for (int lane = 0; lane < Lanes; lane++)
        {
            Place<ToyItem> place = places[lane];
            threads.Add(new Thread(() =>
            {
                for (int r = 0; r < Rounds; r++)
                {
                    ToyItem item = Away();
                    refused += _queue.TryPost(place, item, out ToyItem? outOfPlace) ? 0 : 1;
                    if (outOfPlace is not null)
                    {
                        Interlocked.Increment(ref late);
                        Assert.True(outOfPlace.IsExpired);
                    }

                    item.TryExpire();
                }

                Interlocked.Decrement(ref left);
            }));
        }

        for (int taker = 0; taker < 2; taker++)
        {
            threads.Add(new Thread(() =>
            {
                while (Volatile.Read(ref left) > 0 || _queue.Count > 0)
                {
                    if (_queue.TryTake(out _))
                    {
                        Interlocked.Increment(ref taken);
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
        Assert.Equal(Lanes * Rounds, taken + late);
    }

    private static ToyItem Away()
    {
        var item = new ToyItem();
        item.LeaveHome();
        return item;
    }
}
