using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Pipeline;

/// <summary>Locks under a schedule. The lock statement is compiled to <see cref="EnterScope"/>.</summary>
public static class Monitor
{
    public static void Enter(object gate)
    {
        if (ScheduledThread.Current is not { } me)
        {
            return;
        }

        MonitorState state = me.Execution.MonitorOf(gate);
        if (state.Owner == me)
        {
            state.Depth++;
            return;
        }

        Kernel.Block("a lock", () => state.Owner is null);
        state.Owner = me;
        state.Depth = 1;
    }

    public static void Exit(object gate)
    {
        if (ScheduledThread.Current is not { } me)
        {
            return;
        }

        MonitorState state = me.Execution.MonitorOf(gate);
        if (--state.Depth == 0)
        {
            me.Execution.Fence();
            state.Owner = null;
            me.Execution.Point();
        }
    }

    public static Scope EnterScope(object gate)
    {
        Enter(gate);
        return new Scope(gate);
    }

    public static bool Wait(object gate) => Wait(gate, -1);

    public static bool Wait(object gate, int milliseconds)
    {
        ScheduledThread me = ScheduledThread.Current!;
        MonitorState state = me.Execution.MonitorOf(gate);
        int depth = state.Depth;
        state.Waiters.Add(me);
        me.Execution.Fence();
        state.Owner = null;
        bool pulsed = Kernel.Block("a pulse", () => !state.Waiters.Contains(me), milliseconds);
        state.Waiters.Remove(me);
        Kernel.Block("a lock", () => state.Owner is null);
        state.Owner = me;
        state.Depth = depth;
        return pulsed;
    }

    public static void Pulse(object gate)
    {
        List<ScheduledThread>? waiters = ScheduledThread.Current?.Execution.MonitorOf(gate).Waiters;
        if (waiters is { Count: > 0 })
        {
            waiters.RemoveAt(0);
        }
    }

    public static void PulseAll(object gate) => ScheduledThread.Current?.Execution.MonitorOf(gate).Waiters.Clear();

    /// <summary>Releases the lock at its end.</summary>
    public readonly struct Scope : IDisposable
    {
        private readonly object _gate;

        internal Scope(object gate) => _gate = gate;

        public void Dispose() => Exit(_gate);
    }
}
