namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>Those who keep something from being given away, or the one who gives it away: never both. Thread-safe; nobody waits.</summary>
internal sealed class Keepers
{
    private const int Closed = -1;

    // How many keep it; Closed while it is given away.
    private int _count;

    /// <summary>Keeps it.</summary>
    /// <returns>Ends it when disposed; null while it is given away.</returns>
    public IDisposable? TryKeep()
    {
        int count = Volatile.Read(ref _count);
        while (count != Closed)
        {
            int seen = Interlocked.CompareExchange(ref _count, count + 1, count);
            if (seen == count)
            {
                return new Keeper(this);
            }

            count = seen;
        }

        return null;
    }

    /// <summary>Begins to give it away; from now on nobody can keep it.</summary>
    /// <returns>False when somebody keeps it.</returns>
    public bool TryClose() => Interlocked.CompareExchange(ref _count, Closed, 0) == 0;

    /// <summary>Ends what <see cref="TryClose"/> began.</summary>
    public void Open() => Volatile.Write(ref _count, 0);

    private sealed class Keeper(Keepers owner) : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                Interlocked.Decrement(ref owner._count);
            }
        }
    }
}
