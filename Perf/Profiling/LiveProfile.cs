using HdrHistogram;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Profiling;

/// <summary>A profile of a daemon's own guests, in the form that a synthetic one has.</summary>
public static class LiveProfile
{
    private const string Whole = "total";

    /// <summary>The report.</summary>
    /// <param name="profile">What the daemon has found.</param>
    /// <param name="whose">Whose requests these are, for people.</param>
    /// <returns>The report; without stages when nothing was timed.</returns>
    public static ProfileReport ReportOf(RequestProfile profile, string whose)
    {
        StageTiming total = profile.Stages.FirstOrDefault(static timing => timing.Name == Whole) ?? new(Whole, 0, 0, 0, 0);
        return new ProfileReport
        {
            Topology = profile.Topology,
            Operations = profile.Requests,
            Sampled = total.Count,
            Stages = total.Count == 0 ? [] : [.. profile.Stages.Where(static timing => timing.Name != Whole).Select(StageProfile.Of)],
            Total = StageProfile.Of(total),
            RoundTrip = null,
            BytesAllocatedPerOperation = profile.BytesAllocatedPerRequest,
            ConfigAccessNanoseconds = profile.Accesses == 0 ? null : Math.Round(profile.AccessNanoseconds / profile.Accesses, 1),
            Source = whose,
            Machine = MachineDescription.Describe(),
        };
    }

    /// <summary>How long the timed requests took, from the first stage's beginning to the last one's end.</summary>
    /// <param name="profile">What the daemon has found.</param>
    /// <returns>In nanoseconds.</returns>
    public static HistogramBase TotalsOf(RequestProfile profile)
    {
        LongHistogram histogram = LatencySummary.NewHistogram();
        foreach (TimedCount time in profile.Totals)
        {
            histogram.RecordValueWithCount(Math.Clamp(time.Nanoseconds, 0, LatencySummary.HighestNanoseconds), time.Count);
        }

        return histogram;
    }
}
