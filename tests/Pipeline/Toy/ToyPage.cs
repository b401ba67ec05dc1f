namespace PciBackFlow.Pipeline.Tests.Toy;

/// <summary>What peer and engine share: one slot, as the protocol has it.</summary>
internal sealed class ToyPage(ToyTurns? turns = null) : IDisposable
{
    public const int Failed = -1;

    public int Active;
    public int Request;
    public ToyWork Work;
    public int Answer;

    /// <summary>Answers written, and those written while no request of that number was active.</summary>
    public int Answers;
    public int Strays;

    /// <summary>Execute waits here when the request's work says so.</summary>
    public readonly ManualResetEventSlim Gate = new(false);
    public readonly ManualResetEventSlim Entered = new(false);

    public int Executions;

    /// <summary>Shared by the pages of one engine; a page alone has its own.</summary>
    public readonly ToyTurns Turns = turns ?? new ToyTurns();

    /// <summary>Of all executions of those pages, the number of this one's last.</summary>
    public int ExecutedAs;
    public int Discards;
    public int StuckMarks;
    public int AnsweringThread;

    /// <summary>When set: what it said as the request was found, had been executed, and as its answer was written.</summary>
    public Func<long>? Clock;
    public long FoundAt;
    public long ExecutedAt;
    public long AnsweredAt;

    public void Dispose()
    {
        Gate.Dispose();
        Entered.Dispose();
    }
}

internal enum ToyWork
{
    Plain,

    /// <summary>A worker runs it.</summary>
    Offloaded,

    /// <summary>A worker runs it and waits at the gate.</summary>
    OffloadedGated,

    /// <summary>It waits at the gate inside an access, and finishes afterwards as a worker.</summary>
    StuckThenDone,

    /// <summary>It waits at the gate inside an access, and gives up.</summary>
    StuckThenLost,
}
