namespace PciBackFlow.Simulation;

/// <summary>The simulation's clock, in the place of the machine's. It moves when it is told to.</summary>
internal static class VirtualTime
{
    public static TimeProvider Provider { get; } = new VirtualTimeProvider();

    public static long TickCount64 => Kernel.Current.Now / 1_000_000;

    public static long Frequency => 1_000_000_000;

    public static long GetTimestamp() => Kernel.Current.Now;

    public static TimeSpan GetElapsedTime(long begin) => TimeSpan.FromTicks((Kernel.Current.Now - begin) / 100);

    public static TimeSpan GetElapsedTime(long begin, long end) => TimeSpan.FromTicks((end - begin) / 100);

    public static void Sleep(int milliseconds) => Kernel.Current.Sleep(TimeSpan.FromMilliseconds(milliseconds));

    public static void Sleep(TimeSpan time) => Kernel.Current.Sleep(time);
}
