namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>What the scheduler can let go on by one step: a thread, or the store buffer of one.</summary>
internal abstract class Agent(string name, int priority)
{
    internal string Name { get; } = name;

    internal int Priority { get; set; } = priority;

    internal abstract bool IsEnabled { get; }
}
