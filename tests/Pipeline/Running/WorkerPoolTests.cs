using System.Collections.Concurrent;
using System.Diagnostics;
using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Running;

using Chain = StageChain<ToyItem, Ingest, Decode, Filter, Execute, Respond, Notify>;

/// <summary>The workers without a shard or a watchdog: which item has its turn, and who takes the place of a worker that does not come back.</summary>
public sealed class WorkerPoolTests : IDisposable
{
    private const int ExecuteStage = 3;
    private static readonly int s_mostHanging = new EngineOptions().MostHanging;
    private static readonly long s_hour = 3600 * Stopwatch.Frequency;

    private readonly List<ToyItem> _items = [];
    private readonly Home _home = new();
    private readonly SpareItems<ToyItem> _spares = new(static () => new ToyItem());
    private WorkerPool<ToyItem, Chain>? _pool;

    [Fact]
    public void One_lane_has_half_of_the_workers_and_its_next_item_stops_nobody()
    {
        Start(workers: 4);
        Lane<ToyItem> greedy = NewLane();
        ToyItem first = Post(greedy, ToyWork.OffloadedGated);
        ToyItem second = Post(greedy, ToyWork.OffloadedGated);
        AwaitEntered(first, second);
        ToyItem third = Post(greedy);
        Until(() => _pool!.HeldBack == 1);

        for (int i = 0; i < 100; i++)
        {
            Lane<ToyItem> other = NewLane();
            ToyItem item = Post(other);
            Until(() => _home.Has(item));
        }

        Assert.Equal(0, third.Page!.Executions);
        first.Page!.Gate.Set();
        Until(() => _home.Has(third));
        Assert.False(_home.Has(second));
    }

    [Fact]
    public void A_single_worker_serves_everybody()
    {
        Start(workers: 1);
        Lane<ToyItem> lane = NewLane();
        ToyItem first = Post(lane, ToyWork.OffloadedGated);
        AwaitEntered(first);
        ToyItem second = Post(lane);
        ToyItem third = Post(NewLane());
        Assert.Equal((0, 0), (second.Page!.Executions, third.Page!.Executions));
        first.Page!.Gate.Set();
        Until(() => _home.Has(second) && _home.Has(third));
    }

    [Fact]
    public void What_waited_for_its_lanes_share_comes_before_what_arrived_after_it()
    {
        Start(workers: 2);
        Lane<ToyItem> lane = NewLane();
        ToyItem running = Post(lane, ToyWork.OffloadedGated);
        AwaitEntered(running);
        ToyItem heldBack = Post(lane);
        Until(() => _pool!.HeldBack == 1);
        ToyItem busy = Post(NewLane(), ToyWork.OffloadedGated);
        AwaitEntered(busy);
        ToyItem later = Post(NewLane());

        running.Page!.Gate.Set();

        Until(() => _home.Has(later));
        Assert.InRange(heldBack.Page!.ExecutedAs, 1, later.Page!.ExecutedAs);
    }

    [Fact]
    public void Workers_past_their_deadline_are_replaced_and_what_they_had_still_goes_home()
    {
        Start(workers: 2);
        ToyItem one = Post(NewLane(), ToyWork.OffloadedGated);
        ToyItem two = Post(NewLane(), ToyWork.OffloadedGated);
        AwaitEntered(one, two);
        ToyItem waiting = Post(NewLane());
        Assert.True(_pool!.ReplaceLate(Stopwatch.GetTimestamp()));
        Assert.Equal(0, _pool.Replaced);

        Assert.True(_pool.ReplaceLate(Stopwatch.GetTimestamp() + s_hour));

        Until(() => _home.Has(waiting));
        Assert.Equal(2, _pool.Replaced);
        Assert.Equal((1, 1), (one.Page!.StuckMarks, two.Page!.StuckMarks));
        ToyEngine.Until(() => !_pool.ReplaceLate(Stopwatch.GetTimestamp() + s_hour));
        Assert.Equal(2, _pool.Replaced);
        Assert.False(_home.Has(one));
        one.Page.Gate.Set();
        two.Page.Gate.Set();
        Until(() => _home.Has(one) && _home.Has(two));
        Assert.Equal((1, 1), (one.Page.Executions, two.Page.Executions));
    }

    [Fact]
    public void Who_is_replaced_leaves_its_lanes_share_to_the_item_that_waits_for_it()
    {
        Start(workers: 2);
        Lane<ToyItem> lane = NewLane();
        ToyItem stuck = Post(lane, ToyWork.OffloadedGated);
        AwaitEntered(stuck);
        ToyItem heldBack = Post(lane);
        Until(() => _pool!.HeldBack == 1);

        _pool!.ReplaceLate(Stopwatch.GetTimestamp() + s_hour);

        Until(() => _home.Has(heldBack));
        ToyItem next = Post(lane);
        Until(() => _home.Has(next));
        Assert.Equal(1, _pool.HeldBack);
    }

    [Fact]
    public void However_many_items_hang_the_threads_have_an_end()
    {
        const int Workers = 4;
        Start(Workers);
        for (int i = 0; i < s_mostHanging + Workers; i++)
        {
            AwaitEntered(Post(NewLane(), ToyWork.OffloadedGated));
            _pool!.ReplaceLate(Stopwatch.GetTimestamp() + s_hour);
        }

        Assert.Equal(s_mostHanging, _pool!.Replaced);
        Assert.Equal(s_mostHanging, _spares.Count);
        ToyItem more = Post(NewLane());
        Assert.True(_pool.ReplaceLate(Stopwatch.GetTimestamp() + s_hour));
        Assert.Equal(0, more.Page!.Executions);
        _items[0].Page!.Gate.Set();
        Until(() => _home.Has(_items[0]));

        // One has come back, so one more can be replaced.
        ToyEngine.Until(() => _pool.ReplaceLate(Stopwatch.GetTimestamp() + s_hour) && _home.Has(more));
        Assert.Equal(s_mostHanging + 1, _pool.Replaced);
        Assert.Equal(s_mostHanging, _spares.Count);
    }

    [Fact]
    public void What_waits_behind_long_items_is_begun_by_one_woken_worker_after_the_other()
    {
        // They wake each other for a while only: where the machine takes the processors away meanwhile, the watchdog's next look makes them go on.
        int looks = 0;
        for (int attempt = 0; attempt < 10 && looks != 1; attempt++)
        {
            Dispose();
            Start(workers: 8);
            ToyItem[] items = [.. Enumerable.Range(0, 8).Select(_ => Post(NewLane(), ToyWork.OffloadedGated))];
            ToyEngine.Until(() => items.Any(static item => item.Page!.Entered.IsSet));
            Thread.Sleep(2);
            looks = 0;
            do
            {
                _pool!.ReplaceLate(Stopwatch.GetTimestamp());
                looks++;
            }
            while (!SpinWait.SpinUntil(() => items.All(static item => item.Page!.Entered.IsSet), 1000));
        }

        Assert.Equal(1, looks);
    }

    public void Dispose()
    {
        _items.ForEach(static item => item.Page!.Gate.Set());
        _pool?.Dispose();
    }

    private void Start(int workers) => _pool = new(default, _spares, new EngineOptions { Workers = workers });

    private Lane<ToyItem> NewLane()
    {
        var places = new Place<ToyItem>?[6];
        _pool!.MakePlace(places);
        return new Lane<ToyItem>(0, new ToyItem(), _home, places);
    }

    // A lane's earlier items are late, else it would have no further one.
    private ToyItem Post(Lane<ToyItem> lane, ToyWork work = ToyWork.Offloaded)
    {
        var item = new ToyItem { Page = new ToyPage(), Deadline = 60_000, Work = work, NextStage = ExecuteStage, Lane = lane };
        item.LeaveHome();
        _items.Add(item);
        Assert.True(_pool!.TryPost(item));
        return item;
    }

    private void AwaitEntered(params ToyItem[] items) => Until(() => items.All(static item => item.Page!.Entered.IsSet));

    // With the watchdog's looks, without which an item may wait behind one that was short so far.
    private void Until(Func<bool> condition) => ToyEngine.Until(() =>
    {
        _pool!.ReplaceLate(Stopwatch.GetTimestamp());
        return condition();
    });

    private sealed class Home : IItemHome<ToyItem>
    {
        private readonly ConcurrentDictionary<ToyItem, StageFlow> _finished = new();

        public bool Has(ToyItem item) => _finished.ContainsKey(item);

        public void Finish(ToyItem item, StageFlow outcome, int next) => Assert.True(_finished.TryAdd(item, outcome));
    }
}
