using System.Diagnostics.CodeAnalysis;

namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>What is run under many schedules: a few threads at the code in question, and what must hold whatever their order.</summary>
public abstract class Scenario
{
    /// <summary>
    /// Whether time may pass although a thread could go on, as on a busy machine. If not, no time limit ends unless nobody can go on.
    /// </summary>
    public virtual bool IsHurried => false;

    /// <summary>Whether <see cref="OnStore"/> is called.</summary>
    public virtual bool WatchesStores => false;

    /// <summary>The scenario's first thread; every thread it starts must come to an end as well.</summary>
    public abstract void Run();

    /// <summary>Called for every volatile store, when it is made.</summary>
    /// <param name="target">The place, as the source writes it.</param>
    /// <param name="file">The source file's name.</param>
    /// <param name="value">The value.</param>
    public virtual void OnStore(string target, string file, object? value)
    {
    }

    /// <summary>What must hold; if it does not, the schedule has failed.</summary>
    /// <param name="condition">Whether it holds.</param>
    /// <param name="otherwise">What is wrong if not.</param>
    public static void Check([DoesNotReturnIf(false)] bool condition, string otherwise)
    {
        if (!condition)
        {
            Execution.Fail(otherwise);
            throw new AbandonedException();
        }
    }

    /// <summary>Blocks until a condition over plain memory holds: a peer that looks again and again, without the looks.</summary>
    /// <param name="what">What is waited for, in words.</param>
    /// <param name="condition">Must not reach a synchronisation point.</param>
    protected static void WaitUntil(string what, Func<bool> condition) => Execution.Block(what, condition);

    /// <summary>A choice that the seed makes.</summary>
    /// <param name="bound">How many there are.</param>
    /// <returns>0 to one below the bound.</returns>
    protected static int Choose(int bound) => Execution.Choose(bound);

    /// <summary>
    /// The calling thread, and what waits in its store buffer, let all others go first: for a scenario that knows at which store a switch is worth more than
    /// at others, and would wait for long until random ones fall there.
    /// </summary>
    protected static void FallBehind() => Execution.FallBehind();

    private static Execution Execution => ScheduledThread.Current!.Execution;
}
