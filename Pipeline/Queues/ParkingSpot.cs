namespace PciBackFlow.Pipeline.Queues;

/// <summary>
/// Where the readers of a queue block while it is empty: without allocating, which a framework's channel with an asynchronous wait cannot
/// promise, and without a wake-up call by the writer while nobody is parked.
/// </summary>
internal sealed class ParkingSpot : IDisposable
{
    private readonly AutoResetEvent _event = new(false);
    private int _parked;

    /// <summary>
    /// Reader: announces that it is about to block. Full fence; pairs with <see cref="Signal"/>: the reader announces, then looks at its queue
    /// again; the writer fills the queue, then looks for the announcement. One of the two sees the other.
    /// </summary>
    internal void Announce() => Interlocked.Increment(ref _parked);

    /// <summary>Reader, after its queue was still empty: blocks.</summary>
    internal void Park()
    {
        _event.WaitOne();
        Interlocked.Decrement(ref _parked);
    }

    /// <summary>Reader, after its queue was not empty.</summary>
    internal void Withdraw() => Interlocked.Decrement(ref _parked);

    /// <summary>Writer, after filling the queue; and a woken reader that leaves something in it. See <see cref="Announce"/> for the fence.</summary>
    internal void Signal()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _parked) > 0)
        {
            _event.Set();
        }
    }

    public void Dispose() => _event.Dispose();
}
