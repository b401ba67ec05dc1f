using System.Runtime.InteropServices;

namespace PciBackFlow.Perf.Hiccups;

/// <summary>A thread that runs before all ordinary ones (sched_setscheduler(2)). It needs CAP_SYS_NICE, or RLIMIT_RTPRIO of 1 at least.</summary>
internal static partial class RealTime
{
    private const int CallingThread = 0;
    private const int FirstInFirstOut = 1; // SCHED_FIFO
    private const int Lowest = 1;

    /// <summary>Makes the calling thread such a one, of the lowest priority.</summary>
    /// <returns>False when this program may not.</returns>
    internal static bool TryTake() => SetScheduler(CallingThread, FirstInFirstOut, Lowest) == 0;

    // struct sched_param is one int.
    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int thread, int policy, in int priority);
}
