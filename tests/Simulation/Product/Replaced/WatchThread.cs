using PciBackFlow.Simulation;

namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>In the place of the product's: the same queue, in order, without a thread of its own.</summary>
internal sealed class WatchThread<TWatch>
    where TWatch : class, IStoreWatch
{
    private readonly VirtualProcess _process = Kernel.Current.Running;
    private readonly Queue<(TWatch Watch, string Path)> _pending = new();
    private readonly HashSet<(TWatch Watch, string Path)> _queued = [];
    private bool _isPosted;
    private bool _ended;

    internal WatchThread(string name, int mostPending)
    {
    }

    internal void Enqueue(TWatch watch, string path)
    {
        if (_ended || _process.IsDead || !_queued.Add((watch, path)))
        {
            return;
        }

        _pending.Enqueue((watch, path));
        Post();
    }

    internal void WaitUntilIdle(TWatch disposed)
    {
    }

    internal void End()
    {
        _ended = true;
        _pending.Clear();
        _queued.Clear();
    }

    private void Post()
    {
        if (!_isPosted && _pending.Count > 0)
        {
            _isPosted = true;
            _process.Kernel.Add(_process, Deliver);
        }
    }

    private void Deliver()
    {
        _isPosted = false;
        if (_pending.TryDequeue(out (TWatch Watch, string Path) next))
        {
            _queued.Remove(next);
            try
            {
                if (!next.Watch.IsDisposed)
                {
                    next.Watch.Deliver(next.Path);
                }
            }
            catch (Exception e) when (_ended && (e is HypervisorException or ObjectDisposedException))
            {
                // The callback was using the store when its domain died or its connection was closed.
            }

            Post();
        }
    }
}
