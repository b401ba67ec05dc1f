using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// A role that one thread holds, for a watchdog alone: says whether the thread was inside its access when it lost the role.
/// </summary>
internal sealed class WatchedRole : ITakeOver
{
    private long _progress;

    public Carrier Holder { get; } = new("role");

    public long Progress => Volatile.Read(ref _progress);

    /// <summary>Whether the holder is in an access, by its own belief.</summary>
    internal bool IsInside { get; set; }

    internal int TakeOvers { get; private set; }

    public void TakeOver(PipelineItem stuck, long since)
    {
        Scenario.Check(IsInside, "the role was taken from a thread whose access had come back");
        TakeOvers++;
    }

    internal void Count() => Volatile.Write(ref _progress, _progress + 1);
}
