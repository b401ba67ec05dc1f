using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>Where a shard hands its items at the first cut: a queue's first part, or the first block of a dataflow line.</summary>
internal interface IHandover<TItem>
    where TItem : PipelineItem
{
    /// <summary>Control: makes a lane's places in this queue and in those that follow it.</summary>
    /// <param name="places">The lane's places, by the stage before which the item waits.</param>
    void MakePlaces(Place<TItem>?[] places);

    /// <summary>Hands an away item over.</summary>
    /// <returns>False when there is no place, which there is for every lane: the item is still the caller's.</returns>
    bool TryPost(TItem item);
}
