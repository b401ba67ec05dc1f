using System.Diagnostics;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Tests.Running;

public sealed class WatchdogTests : IDisposable
{
    private const int Limit = 20;

    private readonly Role _role = new();
    private readonly Workers _workers = new();
    private readonly ToyItem _item = new() { Page = new ToyPage() };
    private readonly Watchdog _watchdog;
    private int _resumed;

    public WatchdogTests()
    {
        _watchdog = new Watchdog([_role], _workers, Limit, () => Interlocked.Increment(ref _resumed));
        _watchdog.Start();
    }

    [Fact]
    public void It_sleeps_without_a_timeout_when_nothing_moves_and_wakes_at_a_notice()
    {
        ToyEngine.Until(() => _watchdog.IsAsleep);
        long looks = _role.Looks;
        Thread.Sleep(10 * Limit);
        Assert.Equal(looks, _role.Looks);
        int resumed = Volatile.Read(ref _resumed);
        _role.Count++;
        _watchdog.Notice();
        ToyEngine.Until(() => _role.Looks > looks + 2);
        Assert.Equal(resumed + 1, Volatile.Read(ref _resumed));
        ToyEngine.Until(() => _watchdog.IsAsleep);
    }

    [Fact]
    public void An_access_beyond_the_limit_is_taken_once()
    {
        _role.Holder.Current = _item;
        _item.EnterAccess();
        _watchdog.Notice();
        ToyEngine.Until(() => _role.TakeOvers == 1);
        Assert.Same(_item, _role.Stuck);
        Assert.Equal(1, _item.Page!.StuckMarks);

        // It sleeps after 20 looks in a row that found nothing to do, a quarter of the limit apart.
        ToyEngine.Until(() => _watchdog.IsAsleep);
        Assert.Equal(1, _role.TakeOvers);
        Assert.True(_item.IsTaken);
        Assert.False(_item.LeaveAccess());
    }

    [Fact]
    public void Accesses_that_come_back_are_never_taken_however_many()
    {
        _role.Holder.Current = _item;
        long end = Environment.TickCount64 + (10 * Limit);
        while (Environment.TickCount64 < end)
        {
            long began = Stopwatch.GetTimestamp();
            _item.EnterAccess();
            Thread.Yield();
            if (_item.LeaveAccess())
            {
                continue;
            }

            // A busy machine kept this thread away for as long as a hung access takes: then it was taken rightly.
            Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(Limit / 2), "an access that came back at once was taken");
            return;
        }

        Assert.Equal(0, _role.TakeOvers);
    }

    [Fact]
    public void An_access_of_an_item_that_the_thread_has_handed_on_is_not_its_own()
    {
        _role.Holder.Current = null;
        _item.LeaveHome();
        _item.EnterAccess();
        _watchdog.Notice();
        long looks = _role.Looks;
        ToyEngine.Until(() => _role.Looks > looks + 10 && _watchdog.IsAsleep);
        Assert.Equal(0, _role.TakeOvers);
        Assert.True(_item.LeaveAccess());
    }

    [Fact]
    public void It_does_not_sleep_while_a_worker_is_at_an_item()
    {
        _workers.AreBusy = true;
        _watchdog.Notice();
        long looks = _workers.Looks;

        // Twice as many as it makes before it sleeps.
        ToyEngine.Until(() => _workers.Looks > looks + 40);
        Assert.False(_watchdog.IsAsleep);
        _workers.AreBusy = false;
        ToyEngine.Until(() => _watchdog.IsAsleep);
    }

    public void Dispose()
    {
        _watchdog.Stop();
        _watchdog.Dispose();
        _item.Page?.Dispose();
    }

    private sealed class Workers : IReplaceLate
    {
        private long _looks;
        private volatile bool _areBusy;

        public long Looks => Volatile.Read(ref _looks);

        public bool AreBusy
        {
            get => _areBusy;
            set => _areBusy = value;
        }

        public bool ReplaceLate(long now)
        {
            Interlocked.Increment(ref _looks);
            return AreBusy;
        }
    }

    private sealed class Role : ITakeOver
    {
        public long Looks;
        public long Count;
        public int TakeOvers;
        public PipelineItem? Stuck;

        public Carrier Holder { get; } = new("role");

        public long Progress
        {
            get
            {
                Interlocked.Increment(ref Looks);
                return Volatile.Read(ref Count);
            }
        }

        public void TakeOver(PipelineItem stuck, long since)
        {
            Stuck = stuck;
            Interlocked.Increment(ref TakeOvers);
        }
    }
}
