namespace PciBackFlow.Pipeline;

/// <summary>What the executors see of a chain of stages. Implemented by structs only, so that every call is resolved at compile time.</summary>
/// <typeparam name="TItem">What travels.</typeparam>
internal interface IStageChain<in TItem>
    where TItem : PipelineItem
{
    /// <summary>Number of stages.</summary>
    int Count { get; }

    /// <summary>Name of a stage.</summary>
    string NameOf(int stage);

    /// <summary>All stages as straight-line code.</summary>
    StageFlow RunAll(TItem item, out int next);

    /// <summary>Stages from (inclusive) to (exclusive), until one says anything but Continue or the thread has lost the item.</summary>
    StageFlow Run(TItem item, int from, int to, out int next);

    /// <summary>As <see cref="Run"/>, and notes in the item what each stage took.</summary>
    StageFlow RunTimed(TItem item, int from, int to, out int next);
}
