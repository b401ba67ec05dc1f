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
    private const int MaxAttempts = 30;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<int, int> _attempts = new();
    private int _isRetrying;

    /// <summary>The last backend directory of a guest is gone.</summary>
    public void Note(int domainId)
    {
        _attempts[domainId] = 0;
        Sweep();
    }

    /// <summary>A domain may have gone: removes what it left. Tries again by itself while that fails.</summary>
    public void Sweep()
    {
        bool isFailed = false;
        foreach (int domainId in _attempts.Keys)
        {
            if (!IsGone(domainId))
                continue;
            if (TryRemove(domainId) || _attempts.AddOrUpdate(domainId, 1, static (_, attempts) => attempts + 1) >= MaxAttempts)
                _attempts.TryRemove(domainId, out _);
            else
                isFailed = true;
        }

        if (isFailed && Interlocked.Exchange(ref _isRetrying, 1) == 0)
            _ = SweepLaterAsync();
    }

    private async Task SweepLaterAsync()
    {
        await Task.Delay(RetryPause).ConfigureAwait(false);
        Interlocked.Exchange(ref _isRetrying, 0);
        Sweep();
    }

    private bool IsGone(int domainId)
    {
        try
        {
            return services.Domains is { } domains && domains.Find(domainId) is null;
        }
        catch (HypervisorException)
        {
            return false;
        }
    }

    private bool TryRemove(int domainId)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"{GuestId.Root}/{domainId}");
        try
        {
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
