using PciBackFlow.Pipeline.Queues;

namespace PciBackFlow.Pipeline.Running;

/// <summary>One port with one item. Owned by the shard's thread.</summary>
internal sealed class Lane<TItem>(int port, TItem item, IItemHome<TItem> home, Place<TItem>?[] places)
    where TItem : PipelineItem
{
    /// <summary>Index in <see cref="Places"/> of the place before the workers: nothing is handed over before the first stage.</summary>
    internal const int WorkersPlace = 0;

    internal readonly int Port = port;
    internal readonly IItemHome<TItem> Home = home;

    /// <summary>Its places in queues, by the stage before which the item waits; null where none lies.</summary>
    internal readonly Place<TItem>?[] Places = places;
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

    /// <summary>When to unmask (delayed) or to see whether the item is late (away), in Stopwatch ticks.</summary>
    internal long DueAt;

    /// <summary>When the item left, in Stopwatch ticks.</summary>
    internal long LeftAt;

    /// <summary>Place in the shard's list of lanes with a due time; −1: none.</summary>
    internal int TimerIndex = -1;

    internal long LastServed;
}
