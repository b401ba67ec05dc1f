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

    protected internal override void MarkStuck() => Interlocked.Increment(ref Page!.StuckMarks);
}
