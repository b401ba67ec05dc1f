using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Pipeline;

/// <summary>Spinning under a schedule: the others go first.</summary>
public struct SpinWait
{
    public readonly void SpinOnce() => Thread.Yield();

    public readonly void SpinOnce(int sleep1Threshold) => Thread.Yield();

    public readonly void Reset()
    {
    }

    public static bool SpinUntil(Func<bool> condition, int milliseconds)
    {
        Execution execution = ScheduledThread.Current!.Execution;
        long end = execution.Now + (milliseconds * 1_000_000L);
        while (!condition())
        {
            if (execution.Now >= end)
            {
                return false;
            }

            execution.Yield(end);
        }

        return true;
    }
}
