namespace PciBackFlow.Stages.Tracing;

/// <summary>
/// Whether one shard's requests are traced, and where to. Off, there is no ring, and a request costs a look at a reference. Switched by any one thread at a
/// time while requests flow: each of them goes by the ring that it sees.
/// </summary>
/// <param name="shard">The shard's number, for its records.</param>
public sealed class ShardTrace(int shard)
{
    /// <summary>
    /// Places of a ring: more than a shard answers between two looks of the reader, a few milliseconds apart. About a megabyte, for as long as somebody looks.
    /// </summary>
    public const int Capacity = 8192;

    private TraceRing? _ring;

    /// <summary>The shard's number.</summary>
    public int Shard => shard;

    /// <summary>Whether requests are traced. Any thread.</summary>
    public bool IsOn => Volatile.Read(ref _ring) is not null;

    /// <summary>Where to; null when they are not traced. Any thread.</summary>
    public TraceRing? Ring => Volatile.Read(ref _ring);

    /// <summary>Traces from now on, into a ring of its own.</summary>
    /// <param name="capacity">Its places; a power of two.</param>
    /// <returns>The ring, to take records from.</returns>
    public TraceRing Start(int capacity = Capacity)
    {
        TraceRing ring = new(capacity);
        Volatile.Write(ref _ring, ring);
        return ring;
    }

    /// <summary>Traces no more. A request that has begun may still leave its record in the ring.</summary>
    public void Stop() => Volatile.Write(ref _ring, null);
}
