using System.Diagnostics;
using HdrHistogram;
using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Perf.Hiccups;

/// <summary>
/// How often and how long this machine lets nobody run, as jHiccup measures it: one thread that sleeps a millisecond again and again and looks how much later
/// than it ever could it wakes. Long ones are kept with their time (<see cref="Stalls"/>), so that what was measured meanwhile can be told apart.
/// It wakes a thousand times a second for a microsecond or two, and where it may it runs before all ordinary threads (<see cref="IsRealTime"/>): then neither a
/// busy load nor another program makes it late, only what stops a processor altogether, a hypervisor above all. Where it may not, waiting for a
/// processor counts too, whoever has it.
/// </summary>
public sealed class HiccupMeter : IDisposable
{
    /// <summary>Lateness from which on a hiccup is kept as a stall, in nanoseconds.</summary>
    public const long LeastStallNanoseconds = 500_000;

    private const int SleepMilliseconds = 1;
    private const long ExpectedInterval = SleepMilliseconds * 1_000_000;

    private static readonly double s_nanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly Thread _thread;
    private readonly LongHistogram _hiccups = LatencySummary.NewHistogram();
    private readonly ManualResetEventSlim _began = new();
    private bool _windowAsked;
    private bool _stopping;
    private long _longest;

    /// <summary>Starts the thread.</summary>
    public HiccupMeter()
    {
        // The library makes a table at the first value of all: not in a window that reports its collections.
        _hiccups.RecordValueWithExpectedInterval(2 * ExpectedInterval, ExpectedInterval);
        _hiccups.Reset();
        _thread = new Thread(Run) { IsBackground = true, Name = "hiccups" };
        _thread.Start();
        _began.Wait();
    }

    /// <summary>Hiccups of at least <see cref="LeastStallNanoseconds"/> since the start, those of a collection left out: they are the program's own.</summary>
    public StallLog Stalls { get; } = new();

    /// <summary>Whether the thread runs before all ordinary ones.</summary>
    public bool IsRealTime { get; private set; }

    /// <summary>Stalls in the window. Read it after <see cref="Stop"/>.</summary>
    public long WindowStalls { get; private set; }

    /// <summary>Their sum in nanoseconds. Read it after <see cref="Stop"/>.</summary>
    public long WindowStalledNanoseconds { get; private set; }

    /// <summary>
    /// All hiccups of the window in nanoseconds, short ones too. A stall is recorded as jHiccup does: also as what threads would have seen that wanted to wake
    /// in its course. Read it after <see cref="Stop"/>.
    /// </summary>
    public LongHistogram Histogram => _hiccups;

    /// <summary>Begins the window: what was found before is forgotten, but for how fast a wake-up can be.</summary>
    public void BeginWindow() => Volatile.Write(ref _windowAsked, true);

    /// <summary>The longest hiccup since the last call, in nanoseconds. Any thread.</summary>
    /// <returns>0 when there was none.</returns>
    public long TakeLongest() => Interlocked.Exchange(ref _longest, 0);

    /// <summary>Ends the measurement. May be called twice.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopping, true);
        _thread.Join();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _began.Dispose();
    }

    private void Run()
    {
        IsRealTime = RealTime.TryTake();
        _began.Set();
        long shortest = long.MaxValue;
        long before = Stopwatch.GetTimestamp();
        int collections = GC.CollectionCount(0);
        while (!Volatile.Read(ref _stopping))
        {
            Thread.Sleep(SleepMilliseconds);
            long now = Stopwatch.GetTimestamp();
            int collectionsNow = GC.CollectionCount(0);
            if (Volatile.Read(ref _windowAsked))
            {
                Volatile.Write(ref _windowAsked, false);
                _hiccups.Reset();
                WindowStalls = 0;
                WindowStalledNanoseconds = 0;
            }

            shortest = Math.Min(shortest, now - before);
            Note(before + shortest, now, isOwn: collectionsNow != collections);
            before = now;
            collections = collectionsNow;
        }
    }

    private void Note(long from, long to, bool isOwn)
    {
        long late = Math.Min((long)((to - from) * s_nanosecondsPerTick), LatencySummary.HighestNanoseconds);
        _hiccups.RecordValueWithExpectedInterval(late, ExpectedInterval);
        if (late > Volatile.Read(ref _longest))
        {
            Volatile.Write(ref _longest, late);
        }

        if (late >= LeastStallNanoseconds && !isOwn)
        {
            Stalls.Add(from, to);
            WindowStalls++;
            WindowStalledNanoseconds += late;
        }

        Stalls.NoteLook(to);
    }
}
