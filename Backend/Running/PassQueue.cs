namespace PciBackFlow.Backend.Running;

/// <summary>
/// Passes over things that change: whatever happens to one of them becomes one pending pass, because a pass reads everything again (XSA-349: what a guest
/// causes must not pile up). Passes of one key never overlap. One that fails is made again after a pause where its owner wants that. Thread-safe.
/// </summary>
internal sealed class PassQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly KeyedQueue<TKey, bool> _pending;
    private readonly HashSet<TKey> _retrying = [];
    private readonly Func<TKey, Task> _pass;
    private readonly Func<TKey, Exception, bool> _failed;
    private readonly TimeSpan _retryPause;
    private readonly CancellationTokenSource _ending = new();

    /// <summary>Creates the queue; no pass is made yet.</summary>
    /// <param name="pass">Makes a pass.</param>
    /// <param name="failed">Told of what a pass threw; whether another is to be made after a pause. Must not throw.</param>
    /// <param name="scheduler">Where passes are made; it says how many at a time. Null for the thread pool, without a limit.</param>
    /// <param name="retryPause">How long a failed pass is waited for; null for <see cref="Retry.Pause"/>.</param>
    public PassQueue(Func<TKey, Task> pass, Func<TKey, Exception, bool> failed, TaskScheduler? scheduler = null, TimeSpan? retryPause = null)
    {
        _pass = pass;
        _failed = failed;
        _retryPause = retryPause ?? Retry.Pause;

        // One running and one pending. The item is taken before the pass reads anything: a change that comes later asks for another pass.
        _pending = new(1, keepsPlace: false, (key, _) => MakeAsync(key), scheduler ?? TaskScheduler.Default);
    }

    /// <summary>Asks for a pass, unless one is asked for that has not begun. Any thread; never blocks.</summary>
    public void Wake(TKey key) => _pending.TryPost(key, item: true);

    /// <summary>Asks for a pass after the pause; however often within it, for one. Any thread; never blocks.</summary>
    public void WakeLater(TKey key)
    {
        lock (_lock)
        {
            if (_ending.IsCancellationRequested || !_retrying.Add(key))
            {
                return;
            }
        }

        _ = WakeAfterPauseAsync(key);
    }

    /// <summary>Whether a pass is asked for that has not begun.</summary>
    public bool IsPending(TKey key) => _pending.Count(key) > 0;

    /// <summary>No pass can be asked for any more, and those that were have ended. Not on a pass.</summary>
    public void Dispose() => End(Timeout.InfiniteTimeSpan);

    /// <summary>The same, waiting no longer than told.</summary>
    /// <returns>Whether all passes have ended.</returns>
    public bool End(TimeSpan patience)
    {
        lock (_lock)
        {
            _ending.Cancel();
        }

        return _pending.CompleteAsync().Wait(patience);
    }

    private async Task MakeAsync(TKey key)
    {
        try
        {
            await _pass(key).ConfigureAwait(true);
        }
        catch (Exception e)
        {
            if (_failed(key, e))
            {
                WakeLater(key);
            }
        }
    }

    private async Task WakeAfterPauseAsync(TKey key)
    {
        await Task.Delay(_retryPause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _retrying.Remove(key);
        }

        Wake(key);
    }
}
