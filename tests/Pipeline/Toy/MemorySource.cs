namespace PciBackFlow.Pipeline.Tests.Toy;

/// <summary>
/// Ports in memory, with the masking rule of the event-channel device: a delivered port is masked until it is unmasked,
/// and keeps what is signalled meanwhile.
/// </summary>
internal sealed class MemorySource(int ports) : IReadySource
{
    private readonly object _gate = new();
    private readonly bool[] _masked = new bool[ports];
    private readonly bool[] _pending = new bool[ports];
    private readonly int[] _ready = new int[ports];
    private int _head;
    private int _count;
    private bool _woken;

    public int UnmaskCalls;
    public int Takes;
    public Action? BeforeUnmask;

    /// <summary>Whether the shard waits here without a time limit.</summary>
    public bool IsAwaited { get; private set; }

    public bool IsMasked(int port)
    {
        lock (_gate)
        {
            return _masked[port];
        }
    }

    public void Signal(int port)
    {
        lock (_gate)
        {
            if (_pending[port])
            {
                return;
            }

            _pending[port] = true;
            if (!_masked[port])
            {
                Enqueue(port);
            }
        }
    }

    public int Take(Span<int> delivered, int timeoutMilliseconds)
    {
        lock (_gate)
        {
            Takes++;
            if (_count == 0 && !_woken && timeoutMilliseconds != 0)
            {
                IsAwaited = timeoutMilliseconds == Timeout.Infinite;
                Monitor.Wait(_gate, timeoutMilliseconds);
                IsAwaited = false;
            }

            _woken = false;
            int n = 0;
            while (n < delivered.Length && _count > 0)
            {
                int port = _ready[_head];
                _head = (_head + 1) % _ready.Length;
                _count--;
                _masked[port] = true;
                _pending[port] = false;
                delivered[n++] = port;
            }

            return n;
        }
    }

    public void Unmask(ReadOnlySpan<int> unmasked)
    {
        BeforeUnmask?.Invoke();
        lock (_gate)
        {
            UnmaskCalls++;
            foreach (int port in unmasked)
            {
                if (!_masked[port])
                {
                    throw new InvalidOperationException($"port {port} is not masked");
                }

                _masked[port] = false;
                if (_pending[port])
                {
                    Enqueue(port);
                }
            }
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

    private void Enqueue(int port)
    {
        _ready[(_head + _count++) % _ready.Length] = port;
        Monitor.Pulse(_gate);
    }
}
