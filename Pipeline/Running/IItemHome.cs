namespace PciBackFlow.Pipeline.Running;

/// <summary>Where an item goes when the thread that had it is done: its shard.</summary>
internal interface IItemHome<in TItem>
    where TItem : PipelineItem
{
    /// <summary>Any thread that owns an away item: delivers it, or drops it when the deadline has won.</summary>
    void Finish(TItem item, StageFlow outcome, int next);
}
