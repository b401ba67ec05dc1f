namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>Shares of the workers, and workers that are replaced.</summary>
internal static partial class PlantedBugs
{
    private static PlantedBug[] Shares() =>
    [
        new(
            "A share is given back without an exchange",
            "SharedTurns",
            "Share.cs",
            """
                        int seen = Interlocked.CompareExchange(ref _state, isNext ? state & ~Aside : state - OneThread, state);
            """,
            """
                        int seen = state;
                        Volatile.Write(ref _state, isNext ? state & ~Aside : state - OneThread);
            """),
        new(
            "An item is put aside without an exchange",
            "SharedTurns",
            "Share.cs",
            """
                        int seen = Interlocked.CompareExchange(ref _state, mayBegin ? state + OneThread : state | Aside, state);
            """,
            """
                        int seen = state;
                        Volatile.Write(ref _state, mayBegin ? state + OneThread : state | Aside);
            """),
        new(
            "Whether an item waits aside is looked at before the share is given back",
            "SharedTurns",
            "Share.cs",
            """
                        int seen = Interlocked.CompareExchange(ref _state, isNext ? state & ~Aside : state - OneThread, state);
            """,
            """
                        int seen = state;
                        Interlocked.Add(ref _state, isNext ? -Aside : -OneThread);
            """),
        new(
            "A turn that is handed on is counted again",
            "SharedTurns",
            "Share.cs",
            """
            isNext ? state & ~Aside : state - OneThread
            """,
            """
            isNext ? (state & ~Aside) + OneThread : state - OneThread
            """),
        new(
            "A lane may have one thread more than its share",
            "SharedTurns",
            "Share.cs",
            """
            bool mayBegin = state / OneThread < most;
            """,
            """
            bool mayBegin = state / OneThread <= most;
            """),
        new(
            "A worker that is done does not give its lane's share back",
            "HungWorkers",
            "WorkerPool.cs",
            """
            next = isWorker && place.Share.End() ? place : null;
            """,
            """
            next = null;
            """),
        new(
            "A replaced worker gives its lane's share back a second time",
            "HungWorkers",
            "WorkerPool.cs",
            """
            next = isWorker && place.Share.End() ? place : null;
            """,
            """
            next = place.Share.End() && isWorker ? place : null;
            """),
        new(
            "The share of a worker that is replaced is not given back",
            "HungWorkers",
            "WorkerPool.cs",
            """
            StartAt(i, place.Share.End() ? place : null);
            """,
            """
            StartAt(i, first: null);
            """),
        new(
            "Nobody sees to the item that waited aside for a worker that is replaced",
            "HungWorkers",
            "WorkerPool.cs",
            """
            StartAt(i, place.Share.End() ? place : null);
            """,
            """
            place.Share.End();
                        StartAt(i, first: null);
            """),
        new(
            "A worker is replaced although as many hang as may",
            "HungWorkers",
            "WorkerPool.cs",
            """
            if (Volatile.Read(ref _hanging) >= _hangingLimit || !worker.TryReplace(
            """,
            """
            if (!worker.TryReplace(
            """),
        new(
            "A thread that has come back counts as hanging for ever",
            "HungWorkers",
            "WorkerPool.cs",
            """
                                Interlocked.Decrement(ref _hanging);
            """,
            ""),
        new(
            "The item of a worker that is replaced is sent home, too",
            "HungWorkers",
            "WorkerPool.cs",
            """
                        stuck.MarkStuck();
            """,
            """
                        stuck.MarkStuck();
                        ((Lane<TItem>)stuck.Lane!).Home.Finish(stuck, PipelineItem.Refused, stuck.NextStage);
            """),
        new(
            "A worker is replaced without comparing",
            "ReplacementRace",
            "Worker.cs",
            """
            && Interlocked.CompareExchange(ref _at, Replaced, at) == at;
            """,
            """
            && Interlocked.Exchange(ref _at, Replaced) != Replaced;
            """),
        new(
            "A worker ends its item without an exchange",
            "ReplacementRace",
            "Worker.cs",
            """
                    if (Interlocked.CompareExchange(ref _at, Idle, _number) == _number)
                    {
            """,
            """
                    if (Volatile.Read(ref _at) == _number)
                    {
                        Volatile.Write(ref _at, Idle);
            """),
        new(
            "A replaced worker sends its item home before the watchdog is done with it",
            "ReplacementRace",
            "Worker.cs",
            """
                    Carrier.AwaitReplaced();
            """,
            ""),
        new(
            "The watchdog lets a replaced worker go before it has marked its item",
            "ReplacementRace",
            "WorkerPool.cs",
            """
                        stuck.MarkStuck();
                        StartAt(i, place.Share.End() ? place : null);
                        worker.Carrier.MarkReplaced();
            """,
            """
                        worker.Carrier.MarkReplaced();
                        stuck.MarkStuck();
                        StartAt(i, place.Share.End() ? place : null);
            """),
    ];
}
