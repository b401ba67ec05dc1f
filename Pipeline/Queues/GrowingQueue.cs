namespace PciBackFlow.Pipeline.Queues;

/// <summary>
/// A <see cref="BoundedQueue{T}"/> with as much room as has been reserved: its memory is made when it is known who may write, and writing
/// allocates nothing. A queue that has become too small is closed and read to its end before the larger one that follows it, so items keep their order.
/// </summary>
/// <typeparam name="T">What is handed over.</typeparam>
internal sealed class GrowingQueue<T>
    where T : class
{
    private const int LeastCapacity = 64;

    private readonly Lock _growing = new();
    private int _reserved;
    private Segment _oldest = new(LeastCapacity);
    private Segment _newest;

    /// <summary>Makes an empty queue without room for anybody.</summary>
    internal GrowingQueue() => _newest = _oldest;

    /// <summary>Items in it or just being written. Any thread; exact when nobody else is at it.</summary>
    internal int Count
    {
        get
        {
            int count = 0;
            for (Segment? segment = Volatile.Read(ref _oldest); segment is not null; segment = Volatile.Read(ref segment.Next))
            {
                count += segment.Queue.Count;
            }

            return count;
        }
    }

    /// <summary>Control, any thread: makes room for more items at once. Allocates.</summary>
    /// <param name="places">How many more, at least 1.</param>
    internal void Reserve(int places = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(places, 1);
        lock (_growing)
        {
            _reserved += places;
            Segment small = _newest;
            if (_reserved <= small.Queue.Capacity)
            {
                return;
            }

            // In this order: a writer that finds the small one closed finds the large one in its place.
            var large = new Segment(Math.Max(_reserved, 2 * small.Queue.Capacity));
            Volatile.Write(ref small.Next, large);
            Volatile.Write(ref _newest, large);
            small.Queue.Close();
        }
    }

    /// <summary>Any thread: adds an item.</summary>
    /// <param name="item">The item; everything written to it before is visible to its reader.</param>
    /// <returns>False when more items are in it than were reserved for.</returns>
    internal bool TryWrite(T item)
    {
        while (true)
        {
            Segment segment = Volatile.Read(ref _newest);
            if (segment.Queue.TryWrite(item))
            {
                return true;
            }

            if (!segment.Queue.IsClosed)
            {
                return false;
            }
        }
    }

    /// <summary>Any thread: takes the oldest item.</summary>
    /// <param name="item">The item, or null.</param>
    /// <returns>False when there is none, or the oldest is still being written.</returns>
    internal bool TryRead([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? item)
    {
        while (true)
        {
            Segment segment = Volatile.Read(ref _oldest);
            if (segment.Queue.TryRead(out item))
            {
                return true;
            }

            if (!segment.Queue.IsDrained)
            {
                return false;
            }

            // A drained queue is a closed one, and has its follower since before it was closed.
            Interlocked.CompareExchange(ref _oldest, Volatile.Read(ref segment.Next)!, segment);
        }
    }

    private sealed class Segment(int capacity)
    {
        internal readonly BoundedQueue<T> Queue = new(capacity);
        internal Segment? Next;
    }
}
