using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Pipeline;

/// <summary>The clock of the schedule, in nanoseconds.</summary>
public static class Stopwatch
{
    public const long Frequency = 1_000_000_000;

    public static long GetTimestamp() => ScheduledThread.Current?.Execution.ReadClock() ?? 0;

    public static TimeSpan GetElapsedTime(long since) => TimeSpan.FromTicks((GetTimestamp() - since) / 100);
}
