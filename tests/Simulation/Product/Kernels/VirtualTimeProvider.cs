namespace PciBackFlow.Simulation;

/// <summary>The same clock for those who ask a provider.</summary>
internal sealed class VirtualTimeProvider : TimeProvider
{
    public override long TimestampFrequency => VirtualTime.Frequency;

    public override long GetTimestamp() => VirtualTime.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + VirtualTime.GetElapsedTime(0);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        VirtualTimer timer = new(Kernel.Current.Running, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
