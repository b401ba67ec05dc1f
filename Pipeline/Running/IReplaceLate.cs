namespace PciBackFlow.Pipeline.Running;

/// <summary>Threads of which one that does not come back is replaced, and that nobody has to wait for.</summary>
internal interface IReplaceLate
{
    /// <summary>Watchdog: replaces the threads that are past their items' deadlines.</summary>
    /// <param name="now">The time, in Stopwatch ticks.</param>
    /// <returns>Whether any thread is at an item.</returns>
    bool ReplaceLate(long now);
}
