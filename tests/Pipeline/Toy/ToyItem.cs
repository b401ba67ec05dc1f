namespace PciBackFlow.Pipeline.Tests.Toy;

internal sealed class ToyItem : PipelineItem
{
    public ToyPage? Page;
    public int Deadline = 500;
    public int Request;
    public ToyWork Work;
    public int Value;

    protected internal override int DeadlineMilliseconds => Deadline;

    protected internal override void AnswerFor(PipelineItem expired)
    {
        var late = (ToyItem)expired;
        Page = late.Page;
        Deadline = late.Deadline;
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
