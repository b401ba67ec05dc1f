using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>
/// A connection's own thread for watch callbacks: one at a time, in order, at most one pending event for each watch
/// and path, and of each watch no more than a limit: beyond it they become one event of the watched path itself, so that no
/// storm of changes costs memory (XSA-349). Started by the first event and ended when idle, so that a thousand quiet guests
/// cost no thread. Thread-safe.
/// </summary>
internal sealed class WatchThread<TWatch>
    where TWatch : class, IStoreWatch
{
    private const int IdleMilliseconds = 200;

    // Callbacks are short; the default of 8 MB for each would add up with a thousand guests.
    private const int StackBytes = 256 * 1024;

    private readonly object _gate = new();
    private readonly string _name;
    private readonly int _mostPending;
    private readonly Queue<(TWatch Watch, string Path)> _pending = new();
    private readonly HashSet<(TWatch Watch, string Path)> _queued = [];
    private readonly Dictionary<TWatch, int> _pendingOf = [];
    private Thread? _thread;
    private TWatch? _delivering;
    private bool _ended;

    /// <summary>Creates the thread's description; it starts with the first event.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="mostPending">Different paths that may wait for one watch, at least 1.</param>
    internal WatchThread(string name, int mostPending)
    {
        _name = name;
        _mostPending = mostPending;
    }

    /// <summary>Queues an event unless the same one is waiting.</summary>
    internal void Enqueue(TWatch watch, string path)
    {
        lock (_gate)
        {
            int waiting = _pendingOf.GetValueOrDefault(watch);
            if (waiting >= _mostPending && !_queued.Contains((watch, path)))
            {
                path = watch.Path;
            }

            if (_ended || !_queued.Add((watch, path)))
            {
                return;
            }

            _pendingOf[watch] = waiting + 1;
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
    internal void WaitUntilIdle(TWatch disposed)
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
            _pendingOf.Clear();
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        while (TryTake(out TWatch watch, out string path))
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

    private bool TryTake(out TWatch watch, out string path)
    {
        lock (_gate)
        {
            while (true)
            {
                while (_pending.TryDequeue(out (TWatch Watch, string Path) next))
                {
                    // Forgotten before the callback: what changes while it runs is an event of its own.
                    _queued.Remove(next);
                    if (--CollectionsMarshal.GetValueRefOrNullRef(_pendingOf, next.Watch) == 0)
                    {
                        _pendingOf.Remove(next.Watch);
                    }

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
