namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>
/// One run of a scenario under one schedule. Its threads are real, but only the one with the baton runs; at every synchronisation point the
/// schedule says which agent goes on, so the same seed gives the same run.
/// </summary>
internal sealed class Execution(Schedule schedule, Scenario scenario, Trace? trace)
{
    // A scenario needs some hundreds of steps; one that comes this far goes round in circles.
    private const int MostSteps = 20_000;

    private readonly List<ScheduledThread> _threads = [];
    private readonly Baton _over = new();
    private readonly Dictionary<object, MonitorState> _monitors = new(ReferenceEqualityComparer.Instance);
    private int _steps;
    private int _idleYields;

    /// <summary>
    /// Nanoseconds since the beginning. Time stands still while a thread can go on, but for a little at each look at the clock.
    /// </summary>
    internal long Now { get; private set; }

    internal int Steps => _steps;

    /// <summary>What went wrong first; null: nothing.</summary>
    internal string? Failure { get; private set; }

    /// <summary>Runs the scenario to its end, or to its first failure.</summary>
    internal void Run()
    {
        Start("main", scenario.Run).GiveBaton();
        _over.Await();
    }

    /// <summary>A new thread; it runs when the schedule comes to it.</summary>
    internal ScheduledThread Start(string name, Action body)
    {
        var thread = new ScheduledThread(_threads.Count + 1, name, body, this, schedule);
        _threads.Add(thread);
        thread.Begin();
        return thread;
    }

    /// <summary>The calling thread is about to do something others can notice: whoever the schedule says goes first.</summary>
    internal void Point()
    {
        ScheduledThread me = ScheduledThread.Current!;
        ThrowIfAbandoned();
        Decide(me);
    }

    /// <summary>As <see cref="Point"/>, for one that can do nothing useful until another has gone on.</summary>
    /// <param name="until">When it stops waiting by itself; <see cref="long.MaxValue"/>: never.</param>
    internal void Yield(long until = long.MaxValue)
    {
        ScheduledThread me = ScheduledThread.Current!;
        ThrowIfAbandoned();
        me.Priority = schedule.NextLowest();
        if (++_idleYields > 8)
        {
            // Nobody else has gone on meanwhile, so what it spins for can only come from the passing of time.
            _idleYields = 0;
            if (!JumpInTime(until))
            {
                Fail($"{me.Name} spins for ever");
                throw new AbandonedException();
            }
        }

        Decide(me);
    }

    /// <summary>The calling thread and its store buffer go on when nobody else can.</summary>
    internal void FallBehind()
    {
        ScheduledThread me = ScheduledThread.Current!;
        me.Priority = schedule.NextLowest();
        me.Stores.Priority = schedule.NextLowest();
    }

    /// <summary>
    /// A synchronisation point that drains the calling thread's store buffer, store by store: others may look before each.
    /// </summary>
    internal void Fence()
    {
        ScheduledThread me = ScheduledThread.Current!;
        Point();
        while (me.Stores.IsEnabled)
        {
            Commit(me.Stores);
            Point();
        }
    }

    /// <summary>Blocks the calling thread in the kernel; its store buffer is drained on the way there.</summary>
    /// <param name="what">What it waits for, in words.</param>
    /// <param name="condition">Looked at by the scheduler; must not reach a synchronisation point.</param>
    /// <param name="milliseconds">How long; −1: without limit.</param>
    /// <returns>Whether the condition holds.</returns>
    internal bool Block(string what, Func<bool> condition, int milliseconds = -1)
    {
        ScheduledThread me = ScheduledThread.Current!;
        Fence();
        me.SetWait(what, condition, milliseconds < 0 ? long.MaxValue : Now + (milliseconds * 1_000_000L));
        Point();
        return me.EndWait();
    }

    /// <summary>The clock, which moves a little at each look, so that who spins until a time gets there.</summary>
    internal long ReadClock() => Now += 100;

    internal MonitorState MonitorOf(object gate)
    {
        if (!_monitors.TryGetValue(gate, out MonitorState? state))
        {
            _monitors.Add(gate, state = new MonitorState());
        }

        return state;
    }

    internal int Choose(int bound) => schedule.Choose(bound);

    internal void Note(Site site, object? value = null) => trace?.Add(ScheduledThread.Current!.Name, site, value);

    internal bool IsTraced => trace is not null;

    internal void ObserveStore<T>(Site site, T value)
    {
        if (scenario.WatchesStores)
        {
            scenario.OnStore(site.Target, Path.GetFileName(site.File), value);
        }
    }

    internal void Fail(string what)
    {
        Failure ??= what;
    }

    internal void ThrowIfAbandoned()
    {
        if (Failure is not null)
        {
            throw new AbandonedException();
        }
    }

    /// <summary>A thread that has ended hands the baton on; the last one ends the execution.</summary>
    internal void PassOn(ScheduledThread ended)
    {
        if (Failure is null && _threads.Exists(static thread => !thread.IsFinished))
        {
            try
            {
                Decide(ended);
                return;
            }
            catch (AbandonedException)
            {
                // Nobody can go on: the others are unwound below.
            }
        }

        // After a failure each of the others is woken to unwind, one after the other.
        if (_threads.Find(static thread => !thread.IsFinished) is { } other)
        {
            other.GiveBaton();
        }
        else
        {
            _over.Give();
        }
    }

    private void Decide(ScheduledThread me)
    {
        while (true)
        {
            if (++_steps > MostSteps)
            {
                Fail($"no end after {MostSteps} steps");
                throw new AbandonedException();
            }

            if (schedule.JumpsAt(_steps))
            {
                JumpInTime(long.MaxValue);
            }

            if (schedule.Overtakes())
            {
                Overtake();
            }

            Agent? next = Pick();
            if (next is not null && schedule.ChangesAt(_steps))
            {
                next.Priority = schedule.NextLowest();
                next = Pick();
            }

            switch (next)
            {
                case StoreBuffer stores:
                    Commit(stores);

                    // Its own stores are no news to a thread that spins.
                    _idleYields = stores == me.Stores ? _idleYields : 0;
                    break;
                case ScheduledThread thread when thread == me:
                    return;
                case ScheduledThread thread:
                    _idleYields = 0;
                    thread.GiveBaton();
                    if (!me.IsFinished)
                    {
                        me.AwaitBaton();
                        ThrowIfAbandoned();
                    }

                    return;
                default:
                    if (!JumpInTime(long.MaxValue))
                    {
                        IEnumerable<ScheduledThread> waiting = _threads.Where(static other => !other.IsFinished);
                        Fail($"nobody can go on: {string.Join("; ", waiting.Select(static other => $"{other.Name} waits for {other.Waiting}"))}");
                        throw new AbandonedException();
                    }

                    break;
            }
        }
    }

    private Agent? Pick()
    {
        Agent? best = null;
        foreach (ScheduledThread thread in _threads)
        {
            if (thread.Stores.IsEnabled && (best is null || thread.Stores.Priority > best.Priority))
            {
                best = thread.Stores;
            }

            if ((best is null || thread.Priority > best.Priority) && thread.IsEnabled)
            {
                best = thread;
            }
        }

        return best;
    }

    private void Overtake()
    {
        List<Agent> enabled = [.. _threads, .. _threads.Select(static thread => thread.Stores)];
        enabled.RemoveAll(static agent => !agent.IsEnabled);
        if (enabled.Count > 0)
        {
            enabled[schedule.Choose(enabled.Count)].Priority = schedule.NextHighest();
        }
    }

    private void Commit(StoreBuffer stores)
    {
        PendingStore store = stores.CommitOldest();
        trace?.Add(stores.Name, store.Site with { Operation = "drains" }, null);
    }

    // To the next moment somebody waits for; in a hurried scenario to any such moment, so that several are late at once. False when nobody
    // waits for one.
    private bool JumpInTime(long until)
    {
        long next = until;
        int sleepers = 0;
        foreach (ScheduledThread thread in _threads)
        {
            if (!thread.IsFinished && thread.WakeAt > Now && thread.WakeAt != long.MaxValue)
            {
                sleepers++;
                bool chosen = scenario.IsHurried ? schedule.Choose(sleepers) == 0 : thread.WakeAt < next;
                next = chosen ? Math.Min(until, thread.WakeAt) : next;
            }
        }

        if (next == long.MaxValue)
        {
            return false;
        }

        trace?.Add("time", new Site("jumps to", $"{next / 1e6:0.###} ms", "", 0), null);
        Now = Math.Max(Now, next);
        return true;
    }
}
