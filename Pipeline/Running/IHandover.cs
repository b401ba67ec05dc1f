namespace PciBackFlow.Pipeline.Running;

/// <summary>Where a shard hands its items at the first cut: a queue's first part, or the first block of a dataflow line.</summary>
internal interface IHandover<in TItem>
    where TItem : PipelineItem
{
    /// <summary>Hands an away item over.</summary>
    /// <returns>False when there is no room (only possible while late items fill it): the item is still the caller's.</returns>
    bool TryPost(TItem item);
}
