namespace PciBackFlow.Perf.Hiccups;

/// <summary>
/// When the machine stalled, as one thread (the meter) found it and any number of others ask. Neither side locks or allocates; only the latest
/// stalls are kept, which is enough for whoever asks soon.
/// </summary>
public sealed class StallLog
{
    private const int Capacity = 1024;

    // A reader looks at half of what is kept: what it reads cannot be overwritten meanwhile unless it sleeps through 512 stalls.
    private const int MostLookedAt = Capacity / 2;

    private readonly long[] _from = new long[Capacity];
    private readonly long[] _to = new long[Capacity];
    private long _count;
    private long _knownUntil = long.MinValue;

    /// <summary>Every stall that began before this timestamp is in the log. Any thread.</summary>
    public long KnownUntil => Volatile.Read(ref _knownUntil);

    /// <summary>Stalls so far. Any thread.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Adds a stall. The meter's thread only; in the order of time.</summary>
    /// <param name="from">Its first moment, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> tells.</param>
    /// <param name="to">Its last moment.</param>
    public void Add(long from, long to)
    {
        long count = _count;
        _from[count % Capacity] = from;
        _to[count % Capacity] = to;
        Volatile.Write(ref _count, count + 1);
    }

    /// <summary>Says that all stalls until now have been added. The meter's thread only.</summary>
    /// <param name="now">The timestamp.</param>
    public void NoteLook(long now) => Volatile.Write(ref _knownUntil, now);

    /// <summary>Whether an interval has a moment in common with a stall. Any thread.</summary>
    /// <param name="from">The interval's first moment.</param>
    /// <param name="to">Its last moment.</param>
    /// <returns>Whether one of the latest 512 stalls touches it.</returns>
    public bool Touches(long from, long to)
    {
        long count = Count;
        for (long i = count - 1; i >= 0 && i >= count - MostLookedAt; i--)
        {
            if (_to[i % Capacity] <= from)
            {
                // Stalls are in the order of time: those before this one ended earlier still.
                return false;
            }

            if (_from[i % Capacity] < to)
            {
                return true;
            }
        }

        return false;
    }
}
