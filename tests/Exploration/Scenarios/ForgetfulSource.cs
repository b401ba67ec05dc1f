namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// A source that forgets what is signalled at a masked port, and opens ports with plain stores: less than the contract of a source
/// promises, so that the shard's own order (unmask, fence, look) alone has to keep every request.
/// </summary>
internal sealed class ForgetfulSource(int ports) : IReadySource
{
    private readonly object _gate = new();
    private readonly int[] _masked = new int[ports];
    private readonly Queue<int> _ready = new();
    private bool _woken;

    internal void Signal(int port)
    {
        if (Volatile.Read(ref _masked[port]) != 0)
        {
            return;
        }

        lock (_gate)
        {
            if (!_ready.Contains(port))
            {
                _ready.Enqueue(port);
            }

            Monitor.Pulse(_gate);
        }
    }

    public int Take(Span<int> delivered, int timeoutMilliseconds)
    {
        lock (_gate)
        {
            if (_ready.Count == 0 && !_woken && timeoutMilliseconds != 0)
            {
                Monitor.Wait(_gate, timeoutMilliseconds);
            }

            _woken = false;
            int count = 0;
            while (count < delivered.Length && _ready.TryDequeue(out int port))
            {
                Interlocked.Exchange(ref _masked[port], 1);
                delivered[count++] = port;
            }

            return count;
        }
    }

    public void Unmask(ReadOnlySpan<int> opened)
    {
        foreach (int port in opened)
        {
            Volatile.Write(ref _masked[port], 0);
        }
    }

    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    public void Dispose()
    {
    }
}
