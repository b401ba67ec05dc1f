namespace PciBackFlow.Pipeline.Running;

/// <summary>One port with one item. Owned by the shard's thread.</summary>
internal sealed class Lane<TItem>(int port, TItem item, IItemHome<TItem> home)
    where TItem : PipelineItem
{
    internal readonly int Port = port;
    internal readonly IItemHome<TItem> Home = home;
    internal TItem Item = item;

    /// <summary>The port was delivered and not unmasked since.</summary>
    internal bool Masked;

    /// <summary>In the shard's list of lanes to look at.</summary>
    internal bool Hot;

    /// <summary>Served in the current round.</summary>
    internal bool JustServed;

    /// <summary>Something was served since the last delivery, and between the last two.</summary>
    internal bool ServedSinceDelivery;
    internal bool ServedBeforeDelivery;

    /// <summary>Spurious deliveries in a row.</summary>
    internal int SpuriousRun;

    /// <summary>The item is with another thread.</summary>
    internal bool Away;

    internal bool Detached;

    /// <summary>When to unmask (delayed) or to answer without the item (away), in Stopwatch ticks.</summary>
    internal long DueAt;

    /// <summary>Place in the shard's list of lanes with a due time; −1: none.</summary>
    internal int TimerIndex = -1;

    internal long LastServed;
}
