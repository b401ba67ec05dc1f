namespace PciBackFlow.Pipeline.Queues;

/// <summary>
/// A bounded queue for any number of writers and readers (Vyukov's array of numbered slots). It takes the place of the framework's bounded
/// channel because that one locks: a lock's first contention allocates, at a moment nobody can choose, and its array grows under load.
/// This one is whole from the start, and what needs more room goes on in another (<see cref="GrowingQueue{T}"/>); who finds it empty waits in
/// a <see cref="ParkingSpot"/>.
/// </summary>
/// <typeparam name="T">What is handed over; the queue forgets it when it is read.</typeparam>
internal sealed class BoundedQueue<T>
    where T : class
{
    // A bit of the tail: nothing is written any more. Whoever was about to write finds the tail changed.
    private const long Closed = long.MinValue;

    private readonly Slot[] _slots;
    private QueueCursors _cursors;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="capacity">Most items at once, at least 1.</param>
    internal BoundedQueue(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _slots = new Slot[capacity];
    }

    /// <summary>Items in it or just being written. Any thread; exact when nobody else is at it.</summary>
    internal int Count => (int)Math.Max(0, (Volatile.Read(ref _cursors.Tail) & ~Closed) - Volatile.Read(ref _cursors.Head));

    /// <summary>Most items at once.</summary>
    internal int Capacity => _slots.Length;

    /// <summary>Whether <see cref="Close"/> was called. Any thread.</summary>
    internal bool IsClosed => (Volatile.Read(ref _cursors.Tail) & Closed) != 0;

    /// <summary>Whether it is closed and every item has been read: it stays empty for ever. Any thread.</summary>
    internal bool IsDrained
    {
        get
        {
            long tail = Volatile.Read(ref _cursors.Tail);
            return (tail & Closed) != 0 && Volatile.Read(ref _cursors.Head) == (tail & ~Closed);
        }
    }

    /// <summary>Any thread: from now on nothing can be added; what is in it, or just being written, is still read.</summary>
    internal void Close() => Interlocked.Or(ref _cursors.Tail, Closed);

    /// <summary>Any thread: adds an item.</summary>
    /// <param name="item">The item; everything written to it before is visible to its reader.</param>
    /// <returns>False when the queue is full or closed.</returns>
    internal bool TryWrite(T item)
    {
        var wait = default(SpinWait);
        long position = Volatile.Read(ref _cursors.Tail);
        while ((position & Closed) == 0)
        {
            // A slot's turn counts its uses: 2n is "free for the n-th item", 2n + 1 "holds the n-th item".
            (long lap, long index) = Math.DivRem(position, _slots.Length);
            ref Slot slot = ref _slots[index];
            long turn = Volatile.Read(ref slot.Turn);
            if (turn == 2 * lap)
            {
                long seen = Interlocked.CompareExchange(ref _cursors.Tail, position + 1, position);
                if (seen == position)
                {
                    slot.Item = item;

                    // Releases the item; pairs with the acquiring read of the turn in TryRead.
                    Volatile.Write(ref slot.Turn, (2 * lap) + 1);
                    return true;
                }

                position = seen;
            }
            else if (turn < 2 * lap && position - Volatile.Read(ref _cursors.Head) >= _slots.Length)
            {
                return false;
            }
            else
            {
                // A reader has taken the item but not freed the slot yet: a few instructions, unless it was preempted between them. That
                // isn't a full queue, and who is told so refuses a request; so it gets the processor to go on.
                if (turn < 2 * lap)
                {
                    wait.SpinOnce(sleep1Threshold: -1);
                }

                position = Volatile.Read(ref _cursors.Tail);
            }
        }

        return false;
    }

    /// <summary>Any thread: takes the oldest item.</summary>
    /// <param name="item">The item, or null.</param>
    /// <returns>False when there is none, or the oldest is still being written.</returns>
    internal bool TryRead([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? item)
    {
        long position = Volatile.Read(ref _cursors.Head);
        while (true)
        {
            (long lap, long index) = Math.DivRem(position, _slots.Length);
            ref Slot slot = ref _slots[index];
            long turn = Volatile.Read(ref slot.Turn);
            if (turn == (2 * lap) + 1)
            {
                long seen = Interlocked.CompareExchange(ref _cursors.Head, position + 1, position);
                if (seen == position)
                {
                    item = slot.Item!;
                    slot.Item = null;

                    // Frees the slot for the next lap; pairs with the acquiring read of the turn in TryWrite.
                    Volatile.Write(ref slot.Turn, 2 * (lap + 1));
                    return true;
                }

                position = seen;
            }
            else if (turn <= 2 * lap)
            {
                item = null;
                return false;
            }
            else
            {
                position = Volatile.Read(ref _cursors.Head);
            }
        }
    }

    private struct Slot
    {
        internal long Turn;
        internal T? Item;
    }
}
