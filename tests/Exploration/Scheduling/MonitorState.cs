namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>The lock of one object, and who waits for a pulse on it, in the order they came.</summary>
internal sealed class MonitorState
{
    internal ScheduledThread? Owner { get; set; }

    internal int Depth { get; set; }

    internal List<ScheduledThread> Waiters { get; } = [];
}
