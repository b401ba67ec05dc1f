namespace PciBackFlow.Pipeline.Tests.Toy;

internal sealed class ToyItem : PipelineItem
{
    public ToyPage? Page;
    public int Deadline = 500;
    public int Patience;
    public int Request;
    public ToyWork Work;
    public int Value;

    protected internal override int DeadlineMilliseconds => Deadline;

    protected internal override int PatienceMilliseconds => Math.Max(Patience, Deadline);

    protected internal override void AnswerFor(PipelineItem silent, FailureCause cause)
    {
        var late = (ToyItem)silent;
        Page = late.Page;
        Deadline = late.Deadline;
        Patience = late.Patience;
        Request = late.Request;
        Value = ToyPage.Failed;
    }

    protected internal override void Discard()
    {
        Interlocked.Increment(ref Page!.Discards);
        Page = null;
    }

    protected internal override void MarkStuck()
    {
        // Once its thread goes on with the item, another request may be in it, and the wrong target would be marked. A worker's item is not taken from it:
        // the worker itself waits, and has noted when it began.
        if (!IsTaken && StartedAt == 0)
        {
            throw new InvalidOperationException("an item was marked as stuck after its thread had gone on with it");
        }

        Interlocked.Increment(ref Page!.StuckMarks);
    }
}
