using System.Runtime.ExceptionServices;

namespace PciBackFlow.Simulation;

/// <summary>
/// What runs, and when: one thread, one clock that moves only when told, and everything that waits for its turn. Which of those that could go on does is
/// asked of a seeded source of numbers, so that a seed is a history.
/// </summary>
internal sealed class Kernel
{
    // What waits for something that only others do has waited in vain after so many turns without one of them.
    private const int MostTurnsOfAWait = 100_000;

    [ThreadStatic]
    private static Kernel? t_current;

    private readonly List<(VirtualProcess Owner, Action Work)> _ready = [];
    private readonly PriorityQueue<VirtualTimer, (long Due, long Number)> _timers = new();
    private readonly Thread _thread = Thread.CurrentThread;
    private long _timerCount;

    /// <param name="random">Who decides.</param>
    public Kernel(SeededRandom random)
    {
        Random = random;
        World = new(this, "world");
        Running = World;
        t_current = this;
    }

    /// <summary>The one of this thread.</summary>
    public static Kernel Current => t_current ?? throw new InvalidOperationException("no simulation runs on this thread");

    /// <summary>Where a task goes that the product leaves to the thread pool.</summary>
    public static TaskScheduler Scheduler => Current.Running.Scheduler;

    /// <summary>Who decides.</summary>
    public SeededRandom Random { get; }

    /// <summary>Everybody who is no daemon: guests, toolstacks, the host.</summary>
    public VirtualProcess World { get; }

    /// <summary>Whose work runs now.</summary>
    public VirtualProcess Running { get; private set; }

    /// <summary>Nanoseconds since the simulation's beginning.</summary>
    public long Now { get; private set; } = 1_000_000_000;

    /// <summary>How many wait for their turn.</summary>
    public int ReadyCount => _ready.Count;

    /// <summary>How many wait for their time.</summary>
    public int TimerCount => _timers.Count;

    /// <summary>The most that ever waited for their turn.</summary>
    public int MostReady { get; private set; }

    /// <summary>Something left to the thread pool, or to a thread of its own, by what runs now.</summary>
    public static void Post(Action work) => Current.Add(Current.Running, work);

    /// <summary>A shard's loop begins: each call is one round of it.</summary>
    public static void AddShard(Func<bool> round) => Current.Running.Shards.Add(round);

    /// <summary>Waits for a task, as a blocked thread does: others of its process go on meanwhile.</summary>
    /// <returns>Whether it ended in time.</returns>
    public static bool Wait(Task task, TimeSpan patience) => Current.Await(task, patience);

    /// <summary>Adds something to those that could go on.</summary>
    public void Add(VirtualProcess owner, Action work)
    {
        if (Thread.CurrentThread != _thread)
        {
            throw new InvalidOperationException("something came from another thread: this run is no function of its seed");
        }

        if (!owner.IsDead)
        {
            _ready.Add((owner, work));
            MostReady = Math.Max(MostReady, _ready.Count);
        }
    }

    /// <summary>Runs something as a process: what it begins belongs to that.</summary>
    public void RunAs(VirtualProcess process, Action work)
    {
        (VirtualProcess before, Running) = (Running, process);
        SynchronizationContext? context = SynchronizationContext.Current;

        // Another one each time: what awaits never goes on in the midst of who completes it.
        SynchronizationContext.SetSynchronizationContext(new VirtualContext(process));
        try
        {
            work();
        }
        catch (Exception failure)
        {
            process.Failed(failure);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
            Running = before;
        }
    }

    /// <summary>One of those that could go on does.</summary>
    /// <returns>False when there is none.</returns>
    public bool RunOne() => RunOne(Random.Next(Math.Max(1, _ready.Count)));

    /// <summary>One round of one of a process's shards.</summary>
    public void RunShard(VirtualProcess process)
    {
        if (!process.IsDead && process.Shards.Count > 0)
        {
            Func<bool> round = process.Shards[Random.Next(process.Shards.Count)];
            RunAs(process, () => round());
        }
    }

    /// <summary>Time passes; those whose time has come could go on.</summary>
    public void Advance(TimeSpan time)
    {
        Now += (long)(time.TotalMilliseconds * 1_000_000);
        WakeDue();
    }

    /// <summary>Time passes until the next one's time has come, but no longer than told.</summary>
    public void AdvanceToNext(TimeSpan limit)
    {
        while (_timers.TryPeek(out VirtualTimer? timer, out (long Due, long Number) at))
        {
            if (!timer.IsStillDueAt(at.Due))
            {
                _timers.Dequeue();
                continue;
            }

            Advance(TimeSpan.FromMilliseconds(Math.Min(Math.Max(0, at.Due - Now) / 1e6, limit.TotalMilliseconds)));
            return;
        }

        Advance(limit);
    }

    /// <summary>A daemon sleeps where it is: time passes.</summary>
    internal void Sleep(TimeSpan time) => Now += (long)(Math.Max(0.001, time.TotalMilliseconds) * 1_000_000);

    internal void Add(VirtualTimer timer, long due) => _timers.Enqueue(timer, (due, _timerCount++));

    internal void Forget(VirtualProcess process) => _ready.RemoveAll(one => one.Owner == process);

    private bool RunOne(int index)
    {
        if (_ready.Count == 0)
        {
            return false;
        }

        (VirtualProcess owner, Action work) = _ready[index];
        _ready.RemoveAt(index);
        RunAs(owner, work);
        return true;
    }

    private void WakeDue()
    {
        while (_timers.TryPeek(out VirtualTimer? timer, out (long Due, long Number) at) && at.Due <= Now)
        {
            _timers.Dequeue();
            if (timer.IsStillDueAt(at.Due))
            {
                timer.Fire();
            }
        }
    }

    private bool Await(Task task, TimeSpan patience)
    {
        VirtualProcess process = Running;
        long until = patience == Timeout.InfiniteTimeSpan ? long.MaxValue : Now + (long)(patience.TotalMilliseconds * 1_000_000);
        for (int turns = 0; !task.IsCompleted; turns++)
        {
            process.ThrowIfDead();
            if (turns == MostTurnsOfAWait)
            {
                throw new InvalidOperationException("a wait that nobody ends");
            }

            int index = _ready.FindIndex(one => one.Owner == process);
            if (index >= 0)
            {
                RunOne(index);
            }
            else if (Now >= until)
            {
                return false;
            }
            else
            {
                AdvanceToNext(TimeSpan.FromMilliseconds(Math.Min(250, (until - Now) / 1e6)));
            }
        }

        if (task.Exception is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure.InnerException!);
        }

        return true;
    }
}
