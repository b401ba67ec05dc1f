using System.Diagnostics;

namespace PciBackFlow.Perf.Load;

/// <summary>How a window went, slice by slice. One thread notes; nothing is allocated while it does.</summary>
internal sealed class LoadTimeline
{
    private const int MostSlices = 240;
    private const double LeastSeconds = 0.05;

    private readonly TimelineSlice[] _slices;
    private readonly long _sliceTicks;
    private int _collections;
    private int _count;
    private long _start;
    private long _sliceStart;
    private long _operations;

    /// <param name="seconds">The window's length as planned.</param>
    internal LoadTimeline(double seconds)
    {
        double slice = Math.Max(LeastSeconds, seconds / MostSlices);
        _sliceTicks = (long)(slice * Stopwatch.Frequency);
        _slices = new TimelineSlice[(int)(seconds / slice) + 2];
    }

    /// <summary>The window begins.</summary>
    internal void Begin()
    {
        _start = _sliceStart = Stopwatch.GetTimestamp();
        CountCollections();
    }

    /// <summary>Whether a slice is full; ask about every 50 ms.</summary>
    internal bool IsDue => Stopwatch.GetTimestamp() - _sliceStart >= _sliceTicks && _count < _slices.Length;

    /// <summary>Ends a slice.</summary>
    /// <param name="operations">Operations of the window so far.</param>
    /// <param name="longest">The longest latency of the slice, in nanoseconds.</param>
    /// <param name="longestHiccup">The machine's longest hiccup of the slice, in nanoseconds.</param>
    internal void End(long operations, long longest, long longestHiccup)
    {
        long now = Stopwatch.GetTimestamp();
        double seconds = (now - _sliceStart) / (double)Stopwatch.Frequency;
        int collections = CountCollections();
        _slices[_count++] = new TimelineSlice(
            Math.Round((_sliceStart - _start) / (double)Stopwatch.Frequency, 3), Math.Round((operations - _operations) / Math.Max(1e-9, seconds), 1),
            longest, longestHiccup, collections);
        _operations = operations;
        _sliceStart = now;
    }

    /// <summary>The slices so far.</summary>
    internal IReadOnlyList<TimelineSlice> Slices => _slices[.._count];

    // Collections of any generation: a collection of generation 2 counts as one of 0 too.
    private int CountCollections()
    {
        int now = GC.CollectionCount(0);
        int since = now - _collections;
        _collections = now;
        return since;
    }
}
