namespace PciBackFlow.Pipeline;

/// <summary>
/// What travels through the stages: one operation object per lane, re-used for ever. Exactly one thread owns it at a time;
/// the owner changes through one atomic state, on which a worker's completion and the shard's deadline race.
/// </summary>
public abstract class PipelineItem
{
    /// <summary>How long the item may stay away from its shard before the shard answers without it, in milliseconds.</summary>
    protected internal abstract int DeadlineMilliseconds { get; }

    /// <summary>
    /// Shard thread, on a fresh item: take over the identity of the request from an item that missed its deadline (a worker
    /// still owns that one; read only what was set before it left) and become its failure answer.
    /// </summary>
    /// <param name="expired">The item that is late.</param>
    protected internal abstract void AnswerFor(PipelineItem expired);

    /// <summary>Worker thread: the result came too late and is dropped. Undo what it did, then forget it: the item is re-used.</summary>
    protected internal abstract void Discard();

    /// <summary>Watchdog thread: the current access has been stuck for long. Mark its target so that later items for it leave the shard first.</summary>
    protected internal abstract void MarkStuck();
}
