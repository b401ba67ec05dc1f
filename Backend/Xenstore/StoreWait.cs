using System.Threading.Channels;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>Waits for something to become true that a guest's two directories say. However many events come, one look is pending at most (XSA-349).</summary>
internal static class StoreWait
{
    // What has no event is looked at this often: a domain paused by hand.
    private static readonly TimeSpan LookBesideWatches = TimeSpan.FromMilliseconds(250);

    // A guest may write its state as often as it likes: after so many looks there is a pause between two.
    private const int FreeLooks = 64;
    private static readonly TimeSpan CoolDown = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="store">The store.</param>
    /// <param name="guest">Whose directories are watched meanwhile; its domain too.</param>
    /// <param name="holds">The condition; may throw to end the wait.</param>
    /// <param name="timeout">How long at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it came true.</returns>
    public static async Task<bool> UntilAsync(
        IXenStore store, GuestId guest, Func<bool> holds, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
        Task change = Task.CompletedTask;
        List<IDisposable> watches = [];
        try
        {
            foreach (string path in (string[])[StoreKeys.BackendOf(guest), StoreKeys.StateOf(StoreKeys.FrontendOf(guest)), StorePath.ReleaseDomain])
            {
                watches.Add(store.Watch(path, node =>
                {
                    if (path == StorePath.ReleaseDomain || StoreChanges.MayBeProgress(node))
                    {
                        changes.Writer.TryWrite(true);
                    }
                }));
            }

            for (int looks = 1; ; looks++)
            {
                // Taken before the look: a change that comes later asks for another.
                changes.Reader.TryRead(out _);
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

                if (change.IsCompleted)
                {
                    change = changes.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
                }

                await change.WaitAsync(TimeSpan.FromMilliseconds(Math.Min(left, LookBesideWatches.TotalMilliseconds)), cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
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
}
