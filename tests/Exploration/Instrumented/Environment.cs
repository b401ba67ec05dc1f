using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Pipeline;

/// <summary>Which thread this is, numbered in the order of their starts, so that a replay shows the same numbers.</summary>
public static class Environment
{
    public static int CurrentManagedThreadId => ScheduledThread.Current?.Number ?? 0;
}
