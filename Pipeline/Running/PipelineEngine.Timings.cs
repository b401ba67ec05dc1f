using System.Diagnostics;
using HdrHistogram;

namespace PciBackFlow.Pipeline.Running;

/// <summary>This part: how long the stages take. Its fields are who looks at them for a while.</summary>
public sealed partial class PipelineEngine<TItem, T1, T2, T3, T4, T5, T6>
{
    private readonly Lock _probing = new();
    private StageProbe<TItem>[]? _probes;

    /// <inheritdoc/>
    public void SampleStages(int everyNth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(everyNth);
        for (int i = 0; i < _shards.Length; i++)
        {
            StageClock clock = _shards[i].Clock;
            Invoke(i, () => clock.SetEvery(everyNth));
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<StageTiming> ReadStageTimings()
    {
        LongHistogram[] histograms = NewHistograms();
        long[] totals = new long[histograms.Length];
        for (int i = 0; i < _shards.Length; i++)
        {
            StageClock clock = _shards[i].Clock;
            Invoke(i, () => clock.AddTo(histograms, totals));
        }

        return TimingsOf(histograms, totals);
    }

    /// <inheritdoc/>
    public bool TryStartProbe(int everyNth, Func<TItem, bool> wants)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(everyNth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(everyNth, EngineOptions.MostSampleEvery);
        lock (_probing)
        {
            if (_probes is not null)
            {
                return false;
            }

            _probes = Array.ConvertAll(_shards, _ => new StageProbe<TItem>(_stageNames.Length, everyNth, wants));
            for (int i = 0; i < _shards.Length; i++)
            {
                Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> shard = _shards[i];
                StageProbe<TItem> probe = _probes[i];
                Invoke(i, () => shard.Probe = probe);
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public ProbedStages? EndProbe()
    {
        lock (_probing)
        {
            if (_probes is not { } probes)
            {
                return null;
            }

            _probes = null;
            LongHistogram[] histograms = NewHistograms();
            long[] totals = new long[histograms.Length];
            for (int i = 0; i < _shards.Length; i++)
            {
                Shard<TItem, StageChain<TItem, T1, T2, T3, T4, T5, T6>> shard = _shards[i];
                Invoke(i, () => shard.Probe = null);

                // No thread of the shard's has it any more: nobody's item waits for the sum.
                probes[i].Clock.AddTo(histograms, totals);
            }

            long items = 0;
            long accesses = 0;
            long ticks = 0;
            foreach (StageProbe<TItem> probe in probes)
            {
                items += probe.Items;
                accesses += probe.Accesses;
                ticks += probe.AccessTicks;
            }

            List<TimedCount> distribution = [];
            foreach (HdrHistogram.Iteration.HistogramIterationValue value in histograms[^1].RecordedValues())
            {
                distribution.Add(new(value.ValueIteratedTo, value.CountAddedInThisIterationStep));
            }

            return new(items, TimingsOf(histograms, totals), distribution, accesses, ticks * (1e9 / Stopwatch.Frequency));
        }
    }

    private LongHistogram[] NewHistograms()
    {
        var histograms = new LongHistogram[_stageNames.Length + 2];
        for (int i = 0; i < histograms.Length; i++)
        {
            histograms[i] = StageClock.NewHistogram();
        }

        return histograms;
    }

    private StageTiming[] TimingsOf(LongHistogram[] histograms, long[] totals)
    {
        var timings = new StageTiming[histograms.Length];
        for (int i = 0; i < timings.Length; i++)
        {
            string name = i < _stageNames.Length ? _stageNames[i] : i == _stageNames.Length ? "handover" : "total";
            LongHistogram histogram = histograms[i];
            bool any = histogram.TotalCount > 0;
            timings[i] = new StageTiming(
                name,
                histogram.TotalCount,
                any ? histogram.GetValueAtPercentile(50) : 0,
                any ? histogram.GetValueAtPercentile(99) : 0,
                totals[i]);
        }

        return timings;
    }
}
