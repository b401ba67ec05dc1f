namespace PciBackFlow.Pipeline.Tests.Toy;

internal struct Ingest : IStage<ToyItem>
{
    public static string Name => "ingest";

    public StageFlow Process(ToyItem item)
    {
        ToyPage page = item.Page!;
        if (Volatile.Read(ref page.Active) == 0)
        {
            return StageFlow.Idle;
        }

        page.FoundAt = page.Clock?.Invoke() ?? 0;
        item.Request = page.Request;
        item.Work = page.Work;
        return StageFlow.Continue;
    }
}

internal struct Decode : IStage<ToyItem>
{
    public static string Name => "decode";

    public StageFlow Process(ToyItem item)
    {
        item.Value = 0;
        return StageFlow.Continue;
    }
}

internal struct Filter : IStage<ToyItem>
{
    public static string Name => "filter";

    public StageFlow Process(ToyItem item) =>
        item.Work is ToyWork.Offloaded or ToyWork.OffloadedGated ? StageFlow.Offload : StageFlow.Continue;
}

internal struct Execute : IStage<ToyItem>
{
    public static string Name => "execute";

    public StageFlow Process(ToyItem item)
    {
        ToyPage page = item.Page!;
        item.EnterAccess();
        Interlocked.Increment(ref page.Executions);
        page.ExecutedAs = page.Turns.Take();
        if (item.Work is ToyWork.OffloadedGated or ToyWork.StuckThenDone or ToyWork.StuckThenLost)
        {
            page.Entered.Set();
            page.Gate.Wait();
        }

        if (!item.LeaveAccess() && item.Work == ToyWork.StuckThenLost)
        {
            return StageFlow.Lost;
        }

        item.NoteAccesses(2, item.Request);
        item.Value = item.Request * 2;
        page.ExecutedAt = page.Clock?.Invoke() ?? 0;
        return StageFlow.Continue;
    }
}

internal struct Respond : IStage<ToyItem>
{
    public static string Name => "respond";

    public StageFlow Process(ToyItem item)
    {
        ToyPage page = item.Page!;
        page.AnsweringThread = Environment.CurrentManagedThreadId;
        if (Volatile.Read(ref page.Active) == 0 || page.Request != item.Request)
        {
            page.Strays++;
            return StageFlow.Idle;
        }

        page.Answer = item.Value;
        page.AnsweredAt = page.Clock?.Invoke() ?? 0;
        page.Answers++;
        return StageFlow.Continue;
    }
}

internal struct Notify : IStage<ToyItem>
{
    public static string Name => "notify";

    public StageFlow Process(ToyItem item)
    {
        Volatile.Write(ref item.Page!.Active, 0);
        return StageFlow.Continue;
    }
}
