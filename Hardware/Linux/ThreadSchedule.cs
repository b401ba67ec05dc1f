using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Linux;

/// <summary><c>struct sched_attr</c>, first version (linux/sched/types.h, sched_setattr(2)).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ThreadSchedule
{
    internal uint Size;
    internal uint Policy;
    internal ulong Flags;
    internal int Nice;
    internal uint Priority;

    /// <summary>Of a thread without real-time policy: its slice, in nanoseconds, from Linux 6.12 on; before it means nothing.</summary>
    internal ulong Runtime;

    internal ulong Deadline;
    internal ulong Period;
}
