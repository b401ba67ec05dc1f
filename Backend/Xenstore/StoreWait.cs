using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>Waits for something to become true that xenstore's nodes say. However many events come, one look is pending at most (XSA-349).</summary>
internal static class StoreWait
{
    // What has no event is looked at this often: a domain paused by hand beside nodes that are watched; and with nothing watched a reset's end, which costs no request to see.
    private static readonly TimeSpan LookBesideWatches = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

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
        double look = (paths.Count > 0 ? LookBesideWatches : Look).TotalMilliseconds;
        int pending = 0;
        List<IDisposable> watches = [];
        try
        {
            foreach (string path in paths)
            {
                watches.Add(store.Watch(path, node =>
                {
                    if (IsTelling(node) && Interlocked.Exchange(ref pending, 1) == 0)
                    {
                        changed.Release();
                    }
                }));
            }

            for (int looks = 1; ; looks++)
            {
                // Cleared before the look: a change that comes later asks for another. Pairs with the watch.
                Interlocked.Exchange(ref pending, 0);
                if (holds())
                {
                    return true;
                }

                long left = end - Environment.TickCount64;
                if (left <= 0)
                {
                    return false;
                }

                if (looks > FreeLooks)
                {
                    await Task.Delay(CoolDown, cancellationToken).ConfigureAwait(false);
                }

                await changed.WaitAsync(TimeSpan.FromMilliseconds(Math.Min(left, look)), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (IDisposable watch in watches)
            {
                watch.Dispose();
            }
        }
    }

    // Of a guest's keys only the states tell how far it is: whoever writes the others writes one of them next. The directories themselves are named when they go.
    private static bool IsTelling(string node)
    {
        string name = node[(node.LastIndexOf('/') + 1)..];
        return name.StartsWith("state", StringComparison.Ordinal) || name == "0" || node.StartsWith('@');
    }
}
