using HdrHistogram;
using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Perf.Load.Rounds;

/// <summary>
/// The boots of one client thread's guests in its window, and of the storm in which the window ended. Owned by that thread; recording allocates nothing.
/// </summary>
internal sealed class BootRecord
{
    /// <summary>From the first access to the interrupts, in nanoseconds.</summary>
    internal LongHistogram Durations { get; } = LatencySummary.NewHistogram();

    /// <summary>Boots in which a request missed its deadline, the backend's or the frontend's.</summary>
    internal long Missed { get; private set; }

    /// <summary>Forgets what came before the window.</summary>
    internal void Begin()
    {
        // The histogram's library makes a table at the first value of all: not in the window.
        Durations.RecordValue(1);
        Durations.Reset();
        Missed = 0;
    }

    /// <summary>A guest is up.</summary>
    internal void Add(long nanoseconds, bool missed)
    {
        Durations.RecordValue(Math.Clamp(nanoseconds, 1, LatencySummary.HighestNanoseconds));
        Missed += missed ? 1 : 0;
    }
}
