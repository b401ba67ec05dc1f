namespace PciBackFlow.Backend.Serving;

/// <summary>
/// Notices within about a second that a shard which was at work does not come back to its guests, although nothing hangs that the engine replaces: a defect of
/// ours, for which only another process is a remedy, while guests wait 2 s at most. A shard without work is not asked, one that goes on with its guests'
/// requests is only slow, and where the whole machine stood still nobody is accused. Has a thread of its own, because a timer of the runtime's wakes several
/// threads for one, and none that wakes while no guest asks for anything: then it waits to be told that one does.
/// </summary>
public sealed class StallAlarm : IDisposable
{
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(500);

    // Asked twice: a shard may be in the midst of an access that the engine is about to give up, and a processor may be somebody else's for a while.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Lateness = TimeSpan.FromMilliseconds(100);

    private readonly ShardLiveness _shards;
    private readonly Func<int, long> _progress;
    private readonly Func<bool> _isQuiet;
    private readonly Action<string> _stalled;
    private readonly TimeProvider _clock;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private bool _isStirred;
    private bool _isEnding;

    /// <summary>Creates it; nobody is watched yet.</summary>
    /// <param name="shards">Whom to ask.</param>
    /// <param name="progress">Of a shard, a number that changes when it does something for its guests.</param>
    /// <param name="isQuiet">Whether no shard does anything, until <see cref="Stir"/> is called.</param>
    /// <param name="stalled">Told once, with the shards' numbers, on the alarm's thread.</param>
    /// <param name="clock">Tells whether the machine stood still; null for the system's.</param>
    public StallAlarm(ShardLiveness shards, Func<int, long> progress, Func<bool> isQuiet, Action<string> stalled, TimeProvider? clock = null)
    {
        (_shards, _progress, _isQuiet, _stalled, _clock) = (shards, progress, isQuiet, stalled, clock ?? TimeProvider.System);
        _thread = new(Watch) { IsBackground = true, Name = "stall alarm" };
    }

    /// <summary>Watches from now on. Once.</summary>
    public void Start() => _thread.Start();

    /// <summary>A shard may have something to do again. Any thread, also after the end; waits for nobody.</summary>
    public void Stir()
    {
        lock (_gate)
        {
            _isStirred = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Ends the watch; waits for a look that is under way, but for the one that tells of a stall just now.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.Pulse(_gate);
        }

        if (Thread.CurrentThread != _thread && !_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            _thread.Join();
        }
    }

    private void Watch()
    {
        long[] seen = Progress();
        TimeSpan pause = IdlePause;
        bool isOwed = false;
        while (GoesOnAfter(pause))
        {
            // Before the look at what they have done: who begins after that stirs this thread.
            bool isQuiet = _isQuiet();
            long[] now = Progress();
            bool isIdle = !isOwed && now.AsSpan().SequenceEqual(seen);
            pause = !isIdle ? BusyPause : isQuiet ? Timeout.InfiniteTimeSpan : IdlePause;
            seen = now;
            if (isIdle)
            {
                continue;
            }

            HashSet<int>? silent = Ask();
            if (silent is { Count: > 0 } && Ask() is var again)
            {
                silent.IntersectWith(again ?? []);
                silent = again is null ? null : silent;
            }

            // A shard that is stuck does nothing any more that would make it be asked again.
            isOwed = silent is null;
            if (silent is not { Count: > 0 })
            {
                continue;
            }

            long[] later = Progress();
            silent.RemoveWhere(shard => later[shard] != now[shard]);
            if (silent.Count > 0 && GoesOnAfter(TimeSpan.Zero))
            {
                _stalled(string.Join(", ", silent.Order()));
                return;
            }
        }
    }

    // False: it ends.
    private bool GoesOnAfter(TimeSpan pause)
    {
        lock (_gate)
        {
            if (!_isEnding && !_isStirred && pause != TimeSpan.Zero)
            {
                Monitor.Wait(_gate, pause);
            }

            _isStirred = false;
            return !_isEnding;
        }
    }

    private long[] Progress() => [.. Enumerable.Range(0, _shards.Count).Select(_progress)];

    // The shards that did not answer although there was time for it; null where this very question took much longer than it was to.
    private HashSet<int>? Ask()
    {
        long began = _clock.GetTimestamp();
        bool[] answers = _shards.AskAsync(Patience).GetAwaiter().GetResult();
        return _clock.GetElapsedTime(began) > Patience + Lateness
            ? null
            : [.. Enumerable.Range(0, answers.Length).Where(shard => !answers[shard])];
    }
}
