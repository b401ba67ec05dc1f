namespace PciBackFlow.Simulation;

/// <summary>Somebody's alarm.</summary>
internal sealed class VirtualTimer(VirtualProcess owner, TimerCallback callback, object? state) : ITimer
{
    private long _due = long.MaxValue;
    private long _period;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _period = period == Timeout.InfiniteTimeSpan ? 0 : (long)(period.TotalMilliseconds * 1_000_000);
        _due = long.MaxValue;
        if (dueTime != Timeout.InfiniteTimeSpan && !owner.IsDead)
        {
            _due = owner.Kernel.Now + (long)(dueTime.TotalMilliseconds * 1_000_000);
            owner.Kernel.Add(this, _due);
        }

        return true;
    }

    public bool IsStillDueAt(long due) => _due == due && !owner.IsDead;

    public void Fire()
    {
        _due = long.MaxValue;
        if (_period > 0)
        {
            _due = owner.Kernel.Now + _period;
            owner.Kernel.Add(this, _due);
        }

        owner.Kernel.Add(owner, () => callback(state));
    }

    public void Dispose() => _due = long.MaxValue;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
