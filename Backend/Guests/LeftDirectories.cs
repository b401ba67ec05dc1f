using System.Collections.Concurrent;
using System.Globalization;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// Removes the empty directory of a dead guest, in which its backends' directories lay. libxl means to, and does not when another
/// transaction is under way beside its own (xenstored 4.17 answers EINVAL then). Thread-safe.
/// </summary>
internal sealed class LeftDirectories(GuestServices services)
{
    private const int MaxRetries = 30;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    // Tries by the clock alone: events can come in bursts, beside which xenstored refuses.
    private readonly ConcurrentDictionary<int, int> _retries = new();
    private int _isRetrying;
    private volatile bool _isStopped;

    /// <summary>The last backend directory of a guest is gone.</summary>
    public void Note(int domainId)
    {
        _retries[domainId] = 0;
        Sweep();
    }

    /// <summary>A domain may have gone: removes what it left. Tries again by itself while that fails.</summary>
    public void Sweep()
    {
        foreach (int domainId in _retries.Keys)
        {
            switch (TryRemove(domainId))
            {
                case true:
                    _retries.TryRemove(domainId, out _);
                    break;
                case false when Interlocked.Exchange(ref _isRetrying, 1) == 0:
                    _ = SweepLaterAsync();
                    break;
            }
        }
    }

    /// <summary>Nothing is removed from now on.</summary>
    public void Stop() => _isStopped = true;

    private async Task SweepLaterAsync()
    {
        await Task.Delay(RetryPause).ConfigureAwait(false);
        Interlocked.Exchange(ref _isRetrying, 0);
        foreach ((int domainId, int retries) in _retries)
        {
            if (retries == MaxRetries)
                _retries.TryRemove(domainId, out _);
            else
                _retries.TryUpdate(domainId, retries + 1, retries);
        }

        Sweep();
    }

    /// <returns>True when nothing is left to do, false when it failed, null while the domain lives.</returns>
    private bool? TryRemove(int domainId)
    {
        if (_isStopped)
            return true;
        string path = string.Create(CultureInfo.InvariantCulture, $"{GuestId.Root}/{domainId}");
        try
        {
            // xenstored tells of a domain once, when it begins to die.
            if (services.Domains is not { } domains || domains.Find(domainId) is { IsDying: false })
                return null;
            using IXenStoreTransaction transaction = services.Store.BeginTransaction();

            // One with something in it is somebody else's concern.
            if (transaction.Directory(path) is not { Count: 0 })
                return true;
            transaction.Remove(path);
            return transaction.Commit();
        }
        catch (HypervisorException)
        {
            return false;
        }
        catch (ObjectDisposedException)
        {
            // The daemon ends.
            return true;
        }
    }
}
