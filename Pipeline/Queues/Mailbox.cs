namespace PciBackFlow.Pipeline.Queues;

/// <summary>
/// Items on their way back to a shard: many writers, one reader, linked through the items themselves, so bounded by their number
/// and free of allocation.
/// </summary>
internal struct Mailbox
{
    private PipelineItem? _head;

    internal readonly bool IsEmpty => Volatile.Read(in _head) is null;

    /// <summary>Any thread. The exchange is a full fence: what the item holds is visible to the reader.</summary>
    internal void Push(PipelineItem item)
    {
        PipelineItem? head = Volatile.Read(ref _head);
        while (true)
        {
            item.NextInMailbox = head;
            PipelineItem? seen = Interlocked.CompareExchange(ref _head, item, head);
            if (ReferenceEquals(seen, head))
            {
                return;
            }

            head = seen;
        }
    }

    /// <summary>Reader: everything, oldest first, linked by <see cref="PipelineItem.NextInMailbox"/>.</summary>
    internal PipelineItem? TakeAll()
    {
        if (IsEmpty)
        {
            return null;
        }

        PipelineItem? newest = Interlocked.Exchange(ref _head, null);
        PipelineItem? oldest = null;
        while (newest is not null)
        {
            PipelineItem? older = newest.NextInMailbox;
            newest.NextInMailbox = oldest;
            oldest = newest;
            newest = older;
        }

        return oldest;
    }
}
