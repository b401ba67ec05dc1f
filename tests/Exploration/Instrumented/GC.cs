namespace PciBackFlow.Pipeline;

/// <summary>What a thread has allocated is no part of a schedule: always nothing, so that a replay shows the same.</summary>
public static class GC
{
    public static long GetAllocatedBytesForCurrentThread() => 0;
}
