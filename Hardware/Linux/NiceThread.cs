namespace PciBackFlow.Hardware.Linux;

/// <summary>How the machine shares its processors among this program's threads.</summary>
public static class NiceThread
{
    /// <summary>
    /// The nice value that <see cref="LowerOwn"/> adds: in contention a tenth of what a thread without it gets (kernel/sched/core.c,
    /// <c>sched_prio_to_weight</c>), and a woken thread without it goes first.
    /// </summary>
    public const int Step = 10;

    private const int Least = 19;

    /// <summary>
    /// Makes the calling thread give way to the program's others. Needs no privilege and cannot be undone without one. Where the kernel refuses, it stays
    /// as it is: it is about who goes first, nothing depends on it.
    /// </summary>
    public static void LowerOwn() =>
        _ = LinuxCalls.SetPriority(LinuxCalls.OfProcess, LinuxCalls.Own, Math.Min(Least, LinuxCalls.GetPriority(LinuxCalls.OfProcess, LinuxCalls.Own) + Step));
}
