namespace PciBackFlow.Pipeline.Queues;

/// <summary>
/// Items on their way to other threads, in the order in which they came, of all lanes and shards alike. It has a place for every lane, so it is never full;
/// a queue that says otherwise is a broken invariant, which is counted and answered with a failure.
/// </summary>
/// <typeparam name="TItem">What is handed over.</typeparam>
internal sealed class PlaceQueue<TItem>
    where TItem : PipelineItem
{
    private readonly GrowingQueue<Place<TItem>> _places = new();
    private long _heldBack;

    /// <summary>Places in it. Any thread; exact when nobody else is at it.</summary>
    internal int Count => _places.Count;

    /// <summary>Items that waited aside so far, because enough threads were at their lane's. Any thread.</summary>
    internal long HeldBack => Interlocked.Read(ref _heldBack);

    /// <summary>Control, any thread: a place for one more lane. Allocates.</summary>
    /// <returns>The place.</returns>
    internal Place<TItem> MakePlace()
    {
        _places.Reserve();
        return new Place<TItem>();
    }

    /// <summary>Owner of an away item: queues it at its lane's place.</summary>
    /// <param name="place">The lane's place in this queue.</param>
    /// <param name="item">The item.</param>
    /// <param name="late">See <see cref="Place{TItem}.Put"/>.</param>
    /// <returns>False when there was no room although every lane has a place: the item is still the caller's.</returns>
    internal bool TryPost(Place<TItem> place, TItem item, out TItem? late)
    {
        if (!place.Put(item, out late) || _places.TryWrite(place))
        {
            return true;
        }

        place.Take();
        return false;
    }

    /// <summary>Any thread: takes the item whose place has been waiting longest.</summary>
    /// <param name="item">The item, or null.</param>
    /// <returns>False when there is none, or the first is still being written.</returns>
    internal bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TItem? item)
    {
        if (_places.TryRead(out Place<TItem>? place))
        {
            item = place.Take();
            return true;
        }

        item = null;
        return false;
    }

    /// <summary>
    /// Any thread: takes the place that has been waiting longest of those whose lane has threads left, for an item whose end is told to its
    /// <see cref="Place{TItem}.Share"/>. The others wait aside.
    /// </summary>
    /// <param name="share">How many threads may be at one lane's items.</param>
    /// <param name="place">The place, or null.</param>
    /// <returns>False when there is none, or the first is still being written.</returns>
    internal bool TryTakePlace(int share, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Place<TItem>? place)
    {
        while (_places.TryRead(out place))
        {
            if (place.Share.TryBegin(share))
            {
                return true;
            }

            Interlocked.Increment(ref _heldBack);
        }

        return false;
    }
}
