namespace PciBackFlow.Hardware.Hypervisor.Loopback;

/// <summary>
/// A connection's own thread for watch callbacks: one at a time, in order, at most one pending event for each watch
/// and path (XSA-349). Started by the first event and ended when idle, so that a thousand quiet guests cost no thread.
/// Thread-safe.
/// </summary>
internal sealed class WatchThread
{
    private const int IdleMilliseconds = 200;

    // Callbacks are short; the default of 8 MB for each would add up with a thousand guests.
    private const int StackBytes = 256 * 1024;

    private readonly object _gate = new();
    private readonly string _name;
    private readonly Queue<(StoreWatch Watch, string Path)> _pending = new();
    private readonly HashSet<(StoreWatch Watch, string Path)> _queued = [];
    private Thread? _thread;
    private StoreWatch? _delivering;
    private bool _ended;

    internal WatchThread(string name) => _name = name;

    /// <summary>Queues an event unless the same one is waiting.</summary>
    internal void Enqueue(StoreWatch watch, string path)
    {
        lock (_gate)
        {
            if (_ended || !_queued.Add((watch, path)))
            {
                return;
            }

            _pending.Enqueue((watch, path));
            if (_thread is null)
            {
                _thread = new Thread(Run, StackBytes) { IsBackground = true, Name = _name };
                _thread.Start();
            }
            else
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Returns when no callback of a disposed watch runs any more; at once from inside a callback.</summary>
    internal void WaitUntilIdle(StoreWatch disposed)
    {
        lock (_gate)
        {
            while (_delivering == disposed && _thread != Thread.CurrentThread)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Drops what is pending and starts no further callback; does not wait for the running one.</summary>
    internal void End()
    {
        lock (_gate)
        {
            _ended = true;
            _pending.Clear();
            _queued.Clear();
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        while (TryTake(out StoreWatch watch, out string path))
        {
            try
            {
                watch.Deliver(path);
            }
            catch (Exception e) when (Volatile.Read(ref _ended) && (e is HypervisorException or ObjectDisposedException))
            {
                // The callback was using the store when its domain died or its connection was closed.
            }
            finally
            {
                lock (_gate)
                {
                    _delivering = null;
                    Monitor.PulseAll(_gate);
                }
            }
        }
    }

    private bool TryTake(out StoreWatch watch, out string path)
    {
        lock (_gate)
        {
            while (true)
            {
                while (_pending.TryDequeue(out (StoreWatch Watch, string Path) next))
                {
                    // Forgotten before the callback: what changes while it runs is an event of its own.
                    _queued.Remove(next);
                    if (!next.Watch.IsDisposed)
                    {
                        _delivering = next.Watch;
                        (watch, path) = next;
                        return true;
                    }
                }

                if (_ended || (!Monitor.Wait(_gate, IdleMilliseconds) && _pending.Count == 0))
                {
                    _thread = null;
                    (watch, path) = (null!, null!);
                    return false;
                }
            }
        }
    }
}
