namespace PciBackFlow.Stages.Tracing;

/// <summary>
/// One shard's records on their way out, in a bounded ring: the shard's thread puts in, without a lock, a wait or an allocation; one other thread takes out.
/// What finds no room is counted, and leaves a gap in the numbers.
/// </summary>
public sealed class TraceRing
{
    private readonly TraceSlot[] _slots;
    private readonly int _mask;

    // The writer's: its cursor, what it last saw of the reader's, the next number. A line of distance on both sides keeps the two threads apart.
    private Cursors _cursors;

    /// <summary>A ring.</summary>
    /// <param name="capacity">Places; a power of two.</param>
    /// <exception cref="ArgumentException">It is none.</exception>
    public TraceRing(int capacity)
    {
        if (!System.Numerics.BitOperations.IsPow2(capacity))
        {
            throw new ArgumentException($"{capacity} is no power of two", nameof(capacity));
        }

        _slots = new TraceSlot[capacity];
        _mask = capacity - 1;
    }

    /// <summary>Records that found no room so far. Any thread.</summary>
    public long Dropped => Volatile.Read(ref _cursors.Dropped);

    /// <summary>Writer: the place for the next record.</summary>
    /// <param name="number">The record's number.</param>
    /// <returns>The place; <see cref="System.Runtime.CompilerServices.Unsafe.IsNullRef{T}"/> when there is no room, which is counted.</returns>
    public ref TraceSlot Next(out ulong number)
    {
        long at = _cursors.Written;
        number = (ulong)_cursors.Number++;
        if (at - _cursors.TakenSeen > _mask)
        {
            // Pairs with the releasing store in TryTake: a place is written again only after it was read.
            _cursors.TakenSeen = Volatile.Read(ref _cursors.Taken);
            if (at - _cursors.TakenSeen > _mask)
            {
                Volatile.Write(ref _cursors.Dropped, _cursors.Dropped + 1);
                return ref System.Runtime.CompilerServices.Unsafe.NullRef<TraceSlot>();
            }
        }

        return ref _slots[at & _mask];
    }

    /// <summary>Writer: the record is written.</summary>
    public void Publish() => Volatile.Write(ref _cursors.Written, _cursors.Written + 1);

    /// <summary>Reader: takes the oldest.</summary>
    /// <param name="slot">The record; default when there is none.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake(out TraceSlot slot)
    {
        long at = _cursors.Taken;
        if (at == Volatile.Read(ref _cursors.Written))
        {
            slot = default;
            return false;
        }

        slot = _slots[at & _mask];
        Volatile.Write(ref _cursors.Taken, at + 1);
        return true;
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit, Size = 384)]
    private struct Cursors
    {
        [System.Runtime.InteropServices.FieldOffset(128)]
        internal long Written;
        [System.Runtime.InteropServices.FieldOffset(136)]
        internal long TakenSeen;
        [System.Runtime.InteropServices.FieldOffset(144)]
        internal long Number;
        [System.Runtime.InteropServices.FieldOffset(152)]
        internal long Dropped;
        [System.Runtime.InteropServices.FieldOffset(256)]
        internal long Taken;
    }
}
