using System.Diagnostics;
using HdrHistogram;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Hiccups;

namespace PciBackFlow.Perf.Load;

/// <summary>
/// The latencies of one client thread's window. Whether an operation touched a stall of the machine is known only once the meter has woken, so the latest ones
/// wait in a ring until then. Owned by the client thread; allocates nothing once <see cref="Begin"/> was called.
/// </summary>
internal sealed class SampleRecorder
{
    // A tenth of a second's worth at a million a second.
    private const int Waiting = 1 << 17;

    private static readonly double s_nanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly StallLog _stalls;
    private readonly (long From, long To)[] _ring = new (long, long)[Waiting];
    private readonly long[] _kept;
    private long _head;
    private long _tail;
    private long _judgedUntil = long.MinValue;
    private long _longest;
    private long _longestOfSlice;
    private int _keptCount;

    /// <param name="stalls">When the machine stalled.</param>
    /// <param name="keep">How many latencies to keep as they are, in nanoseconds: the window's first.</param>
    internal SampleRecorder(StallLog stalls, int keep)
    {
        _stalls = stalls;
        _kept = new long[keep];
    }

    /// <summary>Latencies of the guests that are no neighbours.</summary>
    internal LongHistogram Latency { get; } = LatencySummary.NewHistogram();

    /// <summary>Latencies of the neighbours.</summary>
    internal LongHistogram NeighbourLatency { get; } = LatencySummary.NewHistogram();

    /// <summary>Those of both that touched a stall.</summary>
    internal LongHistogram Aside { get; } = LatencySummary.NewHistogram();

    /// <summary>The latencies kept as they are.</summary>
    internal ReadOnlySpan<long> Kept => _kept.AsSpan(0, _keptCount);

    /// <summary>Begins the window.</summary>
    internal void Begin()
    {
        foreach (LongHistogram histogram in (ReadOnlySpan<LongHistogram>)[Latency, NeighbourLatency, Aside])
        {
            // The histogram's library makes a table at the first value of all: not in the window.
            histogram.RecordValue(1);
            histogram.Reset();
        }
    }

    /// <summary>An operation is over.</summary>
    /// <param name="from">When it was planned, or sent.</param>
    /// <param name="to">When its answer was seen.</param>
    /// <param name="isNeighbour">Whose it was.</param>
    internal void Record(long from, long to, bool isNeighbour)
    {
        long nanoseconds = NanosecondsOf(from, to);
        (isNeighbour ? NeighbourLatency : Latency).RecordValue(nanoseconds);
        if (_keptCount < _kept.Length)
        {
            _kept[_keptCount++] = nanoseconds;
        }

        if (nanoseconds > Volatile.Read(ref _longest))
        {
            // The reader's reset may be overwritten once in a while: a report, not a measurement.
            Volatile.Write(ref _longest, nanoseconds);
        }

        if (nanoseconds > Volatile.Read(ref _longestOfSlice))
        {
            Volatile.Write(ref _longestOfSlice, nanoseconds);
        }

        if (_tail - _head == Waiting)
        {
            // The meter sleeps for longer than this remembers: the oldest is judged by what is known, and stays in if nothing is.
            JudgeOldest();
        }

        _ring[_tail++ & (Waiting - 1)] = (from, to);
        long known = _stalls.KnownUntil;
        if (known != _judgedUntil)
        {
            _judgedUntil = known;
            while (_head != _tail && _ring[_head & (Waiting - 1)].To <= known)
            {
                JudgeOldest();
            }
        }
    }

    /// <summary>Judges what still waits. After the meter's end; any thread once the client's has ended.</summary>
    internal void Settle()
    {
        while (_head != _tail)
        {
            JudgeOldest();
        }
    }

    /// <summary>Longest latency since the last call. Any thread.</summary>
    internal long TakeLongest() => Interlocked.Exchange(ref _longest, 0);

    /// <summary>The same for the timeline.</summary>
    internal long TakeLongestOfSlice() => Interlocked.Exchange(ref _longestOfSlice, 0);

    private static long NanosecondsOf(long from, long to) => Math.Clamp((long)((to - from) * s_nanosecondsPerTick), 1, LatencySummary.HighestNanoseconds);

    private void JudgeOldest()
    {
        (long from, long to) = _ring[_head++ & (Waiting - 1)];
        if (_stalls.Touches(from, to))
        {
            Aside.RecordValue(NanosecondsOf(from, to));
        }
    }
}
