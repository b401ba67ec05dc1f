using System.Diagnostics;
using HdrHistogram;
using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Pipeline;

/// <summary>
/// Times every Nth item of one shard, stage by stage. Owned by the shard's thread, but for <see cref="ReadPassages"/>; recording allocates nothing.
/// </summary>
internal sealed class StageClock
{
    // One entry per stage, then the time between threads, then the whole.
    private readonly LongHistogram?[] _histograms;
    private readonly long[] _totals;

    // Of the whole, in few steps: the histograms' iterators cannot be run beside a thread that records.
    private readonly long[] _passages = new long[PassageTimes.UpperBounds.Count + 1];
    private readonly int _stages;
    private int _every;
    private int _countdown;

    internal StageClock(int stages, int every)
    {
        _stages = stages;
        _histograms = new LongHistogram?[stages + 2];
        _totals = new long[_histograms.Length];
        SetEvery(every);
    }

    /// <summary>Switches; the first time on, it makes the histograms (a quarter of a megabyte each, so not before).</summary>
    internal void SetEvery(int every)
    {
        for (int i = 0; every > 0 && i < _histograms.Length; i++)
        {
            _histograms[i] ??= NewHistogram();
        }

        _every = every;

        // The first that comes is timed: of one that is asked for little there may be no other.
        _countdown = Math.Min(1, every);
    }

    /// <summary>Whether the next passage that finds work is to be timed.</summary>
    internal bool IsDue => _every != 0 && _countdown <= 1;

    /// <summary>An item was found; counts down to the next one to time.</summary>
    internal void Found()
    {
        if (_every != 0 && --_countdown <= 0)
        {
            _countdown = _every;
        }
    }

    /// <summary>A timed item is through.</summary>
    internal void Record(PipelineItem item)
    {
        long whole = Stopwatch.GetTimestamp() - item.TimedSince;
        long inStages = 0;
        for (int i = 0; i < _stages; i++)
        {
            inStages += item.Ticks[i];
            Add(i, item.Ticks[i]);
        }

        Add(_stages, Math.Max(0, whole - inStages));
        int place = PassageTimes.PlaceOf(Add(_stages + 1, whole));
        Volatile.Write(ref _passages[place], _passages[place] + 1);
    }

    /// <summary>Any thread: how long items took as a whole. Nobody waits; not a consistent cut.</summary>
    internal PassageTimes ReadPassages()
    {
        long[] counts = new long[_passages.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = Volatile.Read(ref _passages[i]);
        }

        return new(counts, Volatile.Read(ref _totals[^1]));
    }

    /// <summary>Its thread: adds this shard's figures to a sum over the shards.</summary>
    internal void AddTo(LongHistogram[] histograms, long[] totals)
    {
        for (int i = 0; i < _histograms.Length; i++)
        {
            if (_histograms[i] is { } own)
            {
                histograms[i].Add(own);
                totals[i] += _totals[i];
            }
        }
    }

    internal static LongHistogram NewHistogram()
    {
        var histogram = new LongHistogram(HighestNanoseconds, 3);

        // The library makes a table at the first value of all: here, not while requests run.
        histogram.RecordValue(1);
        histogram.Reset();
        return histogram;
    }

    // A minute: far above every deadline.
    private const long HighestNanoseconds = 60_000_000_000;

    private long Add(int entry, long ticks)
    {
        long nanoseconds = Math.Clamp((long)(ticks * (1e9 / Stopwatch.Frequency)), 0, HighestNanoseconds);
        _histograms[entry]!.RecordValue(nanoseconds);
        Volatile.Write(ref _totals[entry], _totals[entry] + nanoseconds);
        return nanoseconds;
    }
}
