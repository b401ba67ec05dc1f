using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Pipeline;

/// <summary>
/// Calls that end in the kernel or behind a lock: each drains the store buffer, because what they take is taken with a locked instruction.
/// </summary>
internal static class Kernel
{
    private static Execution Execution =>
        (ScheduledThread.Current ?? throw new InvalidOperationException("only a scheduled thread may block")).Execution;

    /// <summary>A point and a fence before the call takes effect; nothing to do outside a schedule.</summary>
    internal static void Enter(string operation, string target)
    {
        if (ScheduledThread.Current is { } me)
        {
            me.Execution.Fence();
            me.Execution.Note(new Site(operation, target, "", 0));
        }
    }

    /// <summary>A point after the call took effect.</summary>
    internal static void Leave() => ScheduledThread.Current?.Execution.Point();

    internal static bool Block(string what, Func<bool> condition, int milliseconds = -1) => Execution.Block(what, condition, milliseconds);
}
