using System.Collections.Concurrent;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// A backend directory's place in the registry: its queue, and the instance that lives now. Instances of one directory follow each
/// other on one queue, so a successor never meets its predecessor's leftovers (XSA-350).
/// </summary>
internal sealed class GuestEntry
{
    // A pause each: longer than the kernel waits for a device after a reset.
    private const int PolicyAttempts = 90;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly GuestId _id;
    private readonly GuestServices _services;
    private readonly Action<GuestEntry> _empty;
    private readonly ConcurrentQueue<(PciAddress Host, int Attempts)> _changedPolicies = new();
    private bool _adopt;
    private int _isRetrying;
    private volatile Guest? _guest;

    public GuestEntry(GuestId id, GuestServices services, TaskScheduler scheduler, bool adopt, Action<GuestEntry> empty)
    {
        _id = id;
        _services = services;
        _adopt = adopt;
        _empty = empty;
        Queue = new(Pass, scheduler);
    }

    public GuestId Id => _id;

    public GuestQueue Queue { get; }

    /// <summary>The instance that lives; null when there is none.</summary>
    public GuestSnapshot? Snapshot => _guest?.Snapshot;

    /// <summary>The policy of a device changed; whether this guest has it the next pass finds out. Any thread.</summary>
    public void ChangePolicy(PciAddress host)
    {
        _changedPolicies.Enqueue((host, 0));
        Queue.Wake();
    }

    /// <summary>Stops the queue, then the instance. Not on the queue.</summary>
    public void Stop()
    {
        Queue.Complete();
        Queue.Completion.Wait();
        try
        {
            _guest?.Stop();
        }
        catch (HypervisorException e)
        {
            GuestLog.Failed(_services.Logger, _id.DomainId, e);
        }

        _guest?.Dispose();
        _guest = null;
    }

    private void Pass()
    {
        try
        {
            Guest guest = _guest ??= new(_id, _services, Queue.Wake, _adopt);
            _adopt = false;
            guest.Pass();
            ChangePolicies(guest);
            if (!guest.IsGone)
            {
                return;
            }

            guest.Dispose();
            _guest = null;

            DirectoryReader directory = new(_services.Store, _id);
            XenbusState state = directory.ReadBackendState();
            if (state == XenbusState.Initialising)
            {
                Queue.Wake();
            }
            else if (state == XenbusState.Unknown && !directory.BackendExists())
            {
                _empty(this);
            }
        }
        catch (HypervisorException e)
        {
            // The hypervisor or xenstore refused something: it is tried again, because the event that asked for it does not come again.
            _services.Warnings.Warn(_id.DomainId, $"hypervisor: {e.Message}");
            if (Interlocked.Exchange(ref _isRetrying, 1) == 0)
            {
                _ = WakeLaterAsync();
            }
        }
        catch (Exception e)
        {
            // A defect of ours met by one guest must not take the queue, and with it the guest's later events, away.
            GuestLog.Failed(_services.Logger, _id.DomainId, e);
        }
    }

    private void ChangePolicies(Guest guest)
    {
        for (int left = _changedPolicies.Count; left > 0 && _changedPolicies.TryDequeue(out (PciAddress Host, int Attempts) changed); left--)
        {
            if (guest.IsGone || guest.ChangePolicy(changed.Host))
            {
                continue;
            }

            // A guest that keeps its function busy must not keep what it was allowed: it is tried for as long as the guest has it.
            if (changed.Attempts + 1 == PolicyAttempts)
            {
                _services.Warnings.Warn(_id.DomainId, $"{changed.Host}: its policy changed, but it does not answer or is always busy; what held goes on to hold meanwhile");
            }

            _changedPolicies.Enqueue((changed.Host, changed.Attempts + 1));
            if (Interlocked.Exchange(ref _isRetrying, 1) == 0)
            {
                _ = WakeLaterAsync();
            }
        }
    }

    private async Task WakeLaterAsync()
    {
        await Task.Delay(RetryPause).ConfigureAwait(false);
        Interlocked.Exchange(ref _isRetrying, 0);
        Queue.Wake();
    }
}
