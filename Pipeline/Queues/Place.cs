using System.Diagnostics;

namespace PciBackFlow.Pipeline.Queues;

/// <summary>
/// A lane's place in one queue. The queue holds places, not items, and each at most once: so it never holds more than there are lanes, however
/// often deadlines pass while its readers are stuck. An item that is late and still waits here makes room for the lane's next one, which goes
/// on from where it stood.
/// </summary>
/// <typeparam name="TItem">What waits.</typeparam>
internal sealed class Place<TItem>
    where TItem : PipelineItem
{
    private TItem? _item;

    /// <summary>How many threads are at items that were taken from here; counted by who takes them, where that has a limit.</summary>
    internal Share Share;

    /// <summary>Owner of an away item: puts it here. Allocates nothing.</summary>
    /// <param name="item">The item.</param>
    /// <param name="late">
    /// Who has no place any more and is the caller's to finish: an item that waited here and is late, or <paramref name="item"/> itself, if it is.
    /// </param>
    /// <returns>Whether the place was empty, and is to be written into its queue now.</returns>
    internal bool Put(TItem item, out TItem? late)
    {
        item.StartedAt = 0;
        TItem? before = Volatile.Read(ref _item);
        while (true)
        {
            // In this order: a lane has one item that is not late, so whoever is seen here beside this one came after it was late.
            if (item.IsExpired)
            {
                late = item;
                return false;
            }

            TItem? seen = Interlocked.CompareExchange(ref _item, item, before);
            if (ReferenceEquals(seen, before))
            {
                late = before;
                return before is null;
            }

            before = seen;
        }
    }

    /// <summary>Who has read the place from its queue: takes the item, from where on its work has begun.</summary>
    /// <returns>The item.</returns>
    internal TItem Take()
    {
        // Exchanged: a newer item is either taken here or finds the place empty and queues it again.
        TItem item = Interlocked.Exchange(ref _item, null)!;
        item.StartedAt = Stopwatch.GetTimestamp();
        return item;
    }
}
