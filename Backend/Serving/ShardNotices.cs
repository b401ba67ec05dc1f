using System.Collections.Concurrent;

namespace PciBackFlow.Backend.Serving;

/// <summary>
/// Hands on, from another thread, what a shard found out in the midst of a request: to ask for a guest's pass may start a
/// thread, which a shard must not wait for; nor for a channel's reader, whose continuation may start one. To set an event
/// starts none. For what happens seldom.
/// </summary>
internal sealed class ShardNotices : IDisposable
{
    private readonly ConcurrentQueue<Action> _due = new();
    private readonly AutoResetEvent _any = new(initialState: false);
    private readonly RegisteredWaitHandle _wait;

    public ShardNotices() =>
        _wait = ThreadPool.RegisterWaitForSingleObject(
            _any, static (notices, _) => ((ShardNotices)notices!).Deliver(), this, Timeout.Infinite, executeOnlyOnce: false);

    /// <summary>Has it done soon. Any thread; neither blocks nor throws.</summary>
    public void Post(Action action)
    {
        _due.Enqueue(action);
        _any.Set();
    }

    /// <summary>
    /// Delivers nothing any more. No shard runs; but a thread that hung in a device may come back as long as the process lives and post, so the event is
    /// left to the finalizer.
    /// </summary>
    public void Dispose() => _wait.Unregister(null);

    private void Deliver()
    {
        while (_due.TryDequeue(out Action? action))
        {
            action();
        }
    }
}
