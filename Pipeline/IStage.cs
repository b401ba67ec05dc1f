namespace PciBackFlow.Pipeline;

/// <summary>
/// One step on the way of an item. Stages are small structs: an executor composes them, so whether a thread
/// boundary lies between two of them is configuration, never part of a stage.
/// </summary>
/// <typeparam name="TItem">The item that travels; one thread at a time owns it.</typeparam>
public interface IStage<in TItem>
    where TItem : PipelineItem
{
    /// <summary>The stage's name in reports, lower case: <c>ingest</c>, <c>decode</c> …</summary>
    static abstract string Name { get; }

    /// <summary>Does this stage's part of the work. Never throws for anything an item carries; never allocates.</summary>
    /// <param name="item">The item, owned by the calling thread for the duration of the call.</param>
    /// <returns>Where the item goes from here.</returns>
    StageFlow Process(TItem item);
}
