using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Toolstack;

/// <summary>Waits for something to become true that xenstore's nodes say. However many events come, one look is pending at most (XSA-349).</summary>
internal static class StoreWait
{
    // What has no event (a reset's end, a domain paused by hand) is looked at this often.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    // A guest may write its state as often as it likes: after so many looks there is a pause between two.
    private const int FreeLooks = 64;
    private static readonly TimeSpan CoolDown = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="store">The store.</param>
    /// <param name="paths">What is watched meanwhile.</param>
    /// <param name="holds">The condition; may throw to end the wait.</param>
    /// <param name="timeout">How long at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it came true.</returns>
    public static async Task<bool> UntilAsync(
        IXenStore store, IReadOnlyList<string> paths, Func<bool> holds, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        using SemaphoreSlim changed = new(0);
        int pending = 0;
        List<IDisposable> watches = [];
        try
        {
            foreach (string path in paths)
            {
                watches.Add(store.Watch(path, _ =>
                {
                    if (Interlocked.Exchange(ref pending, 1) == 0)
                        changed.Release();
                }));
            }

            for (int looks = 1; ; looks++)
            {
                // Cleared before the look: a change that comes later asks for another. Pairs with the watch.
                Interlocked.Exchange(ref pending, 0);
                if (holds())
                    return true;
                long left = end - Environment.TickCount64;
                if (left <= 0)
                    return false;
                if (looks > FreeLooks)
                    await Task.Delay(CoolDown, cancellationToken).ConfigureAwait(false);
                await changed.WaitAsync(TimeSpan.FromMilliseconds(Math.Min(left, Look.TotalMilliseconds)), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (IDisposable watch in watches)
                watch.Dispose();
        }
    }
}
