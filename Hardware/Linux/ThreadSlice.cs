using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Linux;

/// <summary>How long the machine lets a thread run before it looks who else wants the processor.</summary>
public static unsafe class ThreadSlice
{
    /// <summary>The shortest that Linux takes (kernel/sched/syscalls.c, <c>__setparam_fair</c>), in nanoseconds.</summary>
    public const long Shortest = 100_000;

    // linux/sched.h: SCHED_OTHER and SCHED_BATCH have slices.
    private const uint Batch = 3;
    private const uint Other = 0;

    /// <summary>
    /// Gives the calling thread the shortest slice. Its share of a processor stays what it is, but a thread that asks for little at a time gets it sooner:
    /// when it wakes it goes before one that is in the midst of a longer slice (Linux 6.12, EEVDF). Needs no privilege. Where the kernel does not know of it,
    /// or refuses, nothing changes: it is about who goes first, nothing depends on it.
    /// </summary>
    public static void ShortenOwn()
    {
        ThreadSchedule schedule = default;
        if (!OperatingSystem.IsLinux() || !TryRead(&schedule) || schedule.Policy is not (Other or Batch))
        {
            return;
        }

        schedule.Size = (uint)sizeof(ThreadSchedule);
        schedule.Flags = 0;
        schedule.Runtime = Shortest;
        _ = LinuxCalls.SetSchedule(
            IsX64 ? LinuxCalls.SetScheduleOnX64 : LinuxCalls.SetScheduleElsewhere, LinuxCalls.Own, &schedule, 0);
    }

    /// <summary>The calling thread's slice.</summary>
    /// <returns>Nanoseconds; 0 where the kernel does not say.</returns>
    internal static long ReadOwn()
    {
        ThreadSchedule schedule = default;
        return TryRead(&schedule) ? (long)schedule.Runtime : 0;
    }

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private static bool TryRead(ThreadSchedule* schedule) => LinuxCalls.GetSchedule(
        IsX64 ? LinuxCalls.GetScheduleOnX64 : LinuxCalls.GetScheduleElsewhere, LinuxCalls.Own, schedule, (nuint)sizeof(ThreadSchedule), 0) == 0;
}
