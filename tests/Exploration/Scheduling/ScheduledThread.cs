namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>
/// One thread of a schedule. Runs only while it has the baton, which its execution hands over at every synchronisation point.
/// </summary>
internal sealed class ScheduledThread : Agent
{
    [ThreadStatic]
    private static ScheduledThread? current;

    private readonly Baton _baton = new();
    private readonly Action _body;
    private Func<bool>? _condition;

    internal ScheduledThread(int number, string name, Action body, Execution execution, Schedule schedule)
        : base(name, schedule.DrawPriority())
    {
        Number = number;
        _body = body;
        Execution = execution;
        Stores = new StoreBuffer(name, schedule);
    }

    /// <summary>
    /// The scheduled thread that the calling thread carries; null outside a schedule, where the instrumented types act as the real ones.
    /// </summary>
    internal static ScheduledThread? Current => current;

    /// <summary>1 for the first thread of the execution, and so on.</summary>
    internal int Number { get; }

    internal Execution Execution { get; }

    internal StoreBuffer Stores { get; }

    internal bool IsFinished { get; private set; }

    /// <summary>What it waits for, in words; null while it doesn't.</summary>
    internal string? Waiting { get; private set; }

    /// <summary>When its wait ends without success; <see cref="long.MaxValue"/>: never, or it doesn't wait.</summary>
    internal long WakeAt { get; private set; } = long.MaxValue;

    internal override bool IsEnabled => !IsFinished && (Waiting is null || _condition!() || WakeAt <= Execution.Now);

    internal void Begin() => HostThread.Run(RunBody);

    internal void GiveBaton() => _baton.Give();

    internal void AwaitBaton() => _baton.Await();

    internal void SetWait(string what, Func<bool> condition, long wakeAt)
    {
        Waiting = what;
        _condition = condition;
        WakeAt = wakeAt;
    }

    /// <returns>Whether the condition holds; otherwise the time ran out.</returns>
    internal bool EndWait()
    {
        bool met = _condition!();
        Waiting = null;
        _condition = null;
        WakeAt = long.MaxValue;
        return met;
    }

    private void RunBody()
    {
        AwaitBaton();
        current = this;
        try
        {
            Execution.ThrowIfAbandoned();
            _body();
            Execution.Fence();
        }
        catch (AbandonedException)
        {
            // The failure is noted where it was found.
        }
        catch (Exception e)
        {
            // Whatever escapes a thread of the product would end the process there.
            Execution.Fail($"{Name} ended with {e.GetType().Name}: {e.Message}{Environment.NewLine}{e.StackTrace}");
        }

        current = null;
        IsFinished = true;
        Execution.PassOn(this);
    }
}
