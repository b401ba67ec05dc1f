namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>Those who need a device held, or the one who gives it back: never both. Thread-safe; nobody waits.</summary>
internal sealed class CustodyPins
{
    private const int Closed = -1;

    // How many have pinned it; Closed while it is given back.
    private int _count;

    /// <summary>Pins it.</summary>
    /// <returns>Ends it when disposed; null while it is given back.</returns>
    public IDisposable? TryPin()
    {
        int count = Volatile.Read(ref _count);
        while (count != Closed)
        {
            int seen = Interlocked.CompareExchange(ref _count, count + 1, count);
            if (seen == count)
            {
                return new Pin(this);
            }

            count = seen;
        }

        return null;
    }

    /// <summary>Begins to give it back; from now on nobody can pin it.</summary>
    /// <returns>False when somebody has it pinned.</returns>
    public bool TryClose() => Interlocked.CompareExchange(ref _count, Closed, 0) == 0;

    /// <summary>Ends what <see cref="TryClose"/> began.</summary>
    public void Open() => Volatile.Write(ref _count, 0);

    private sealed class Pin(CustodyPins owner) : IDisposable
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
