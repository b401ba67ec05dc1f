using System.Collections.Concurrent;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// A backend directory's place in the registry: the instance that lives now. Instances of one directory follow each other, and its passes never overlap, so a
/// successor never meets its predecessor's leftovers (XSA-350).
/// </summary>
internal sealed class GuestEntry
{
    // A pause each: longer than the kernel waits for a device after a reset.
    private const int PolicyAttempts = 90;

    /// <summary>
    /// Requests to xenstore that a guest's passes may make in a second, for as long as its frontend keeps them coming: they go over the one connection of all
    /// guests, and xenstored, which limits a guest's own requests, does not limit those.
    /// </summary>
    internal const int RequestsPerSecond = 2_000;

    /// <summary>
    /// How many at once. A hand-shake is about ten passes, a hot-plug five, a pass a dozen requests and up to five for each device: a guest that starts with
    /// all the devices of a bus stays within it.
    /// </summary>
    internal const int RequestReserve = 16_384;

    private readonly GuestId _id;
    private readonly GuestServices _services;
    private readonly PassQueue<GuestId> _passes;
    private readonly Action<GuestEntry> _empty;
    private readonly Func<long> _requests;
    private readonly Action _remembersNothing;
    private readonly RequestBudget _budget = new(RequestsPerSecond, RequestReserve, TimeProvider.System);
    private readonly ConcurrentQueue<PolicyChange> _changedPolicies = new();
    private bool _adopt;
    private int _isWholeDue;
    private long _passesMade;
    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Guest? _guest;

    public GuestEntry(GuestId id, GuestServices services, PassQueue<GuestId> passes, bool adopt, Action<GuestEntry> empty)
    {
        _id = id;
        CountedStore store = new(adopt ? services.FirstStore : services.Store);
        _requests = () => store.Requests;
        _remembersNothing = () => store.Ask(services.Store);
        _services = services with { Store = store };
        _passes = passes;
        _adopt = adopt;
        _empty = empty;
    }

    public GuestId Id => _id;

    /// <summary>Passes so far that looked at everything.</summary>
    public long Passes => Interlocked.Read(ref _passesMade);

    /// <summary>Ends when what an earlier daemon left has been continued, or with the first pass, whatever came of it.</summary>
    public Task Looked => _looked.Task;

    /// <summary>The instance that lives; null when there is none.</summary>
    public GuestSnapshot? Snapshot => _guest?.Snapshot;

    /// <summary>Something happened of which only a look at everything tells what it means. Any thread; never blocks.</summary>
    public void Wake()
    {
        // In this order, both full fences: the pass is taken from its queue before it looks at the mark.
        Interlocked.Exchange(ref _isWholeDue, 1);
        _passes.Wake(_id);
    }

    /// <summary>The policy of a device changed; whether this guest has it the next pass finds out. Any thread.</summary>
    public void ChangePolicy(PciAddress host) => Change(new(host, []));

    /// <summary>The policies of all devices may have changed; what this guest has the next pass finds out. Any thread.</summary>
    /// <returns>What becomes of it.</returns>
    public PolicyChange ChangePolicies() => Change(new(null, _guest?.KnownHosts ?? []));

    /// <summary>One pass. A guest that keeps its passes coming is slowed down.</summary>
    /// <exception cref="HypervisorException">The hypervisor or xenstore refused something.</exception>
    public async Task PassAsync()
    {
        long before = _requests();
        try
        {
            bool isWhole = Interlocked.Exchange(ref _isWholeDue, 0) != 0;
            if (isWhole || _guest is not { } guest || !guest.IsFrontendAsSeen())
            {
                Interlocked.Increment(ref _passesMade);
                Pass();
            }
        }
        catch
        {
            // What was to be looked at has not been, or not to the end.
            Interlocked.Exchange(ref _isWholeDue, 1);
            throw;
        }
        finally
        {
            FirstLookDone();
            TimeSpan pause = _budget.Spend(_requests() - before);
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Nobody looks after the frontend any more; it is served on. No pass is made any more.</summary>
    public void EndWatch() => _guest?.EndWatch();

    /// <summary>Stops the instance. No pass is made any more.</summary>
    public void Stop()
    {
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

    // What is looked at from here on is looked at because something happened.
    private void FirstLookDone()
    {
        _remembersNothing();
        _looked.TrySetResult();
    }

    private void Pass()
    {
        Guest guest = _guest ??= new(_id, _services, Wake, () => _passes.Wake(_id), FirstLookDone, _adopt);
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
            _passes.Wake(_id);
        }
        else if (state == XenbusState.Unknown && !directory.BackendExists())
        {
            _empty(this);
        }
    }

    private PolicyChange Change(PolicyChange change)
    {
        _changedPolicies.Enqueue(change);
        Wake();
        return change;
    }

    private void ChangePolicies(Guest guest)
    {
        for (int left = _changedPolicies.Count; left > 0 && _changedPolicies.TryDequeue(out PolicyChange? change); left--)
        {
            if (change.Try(guest))
            {
                continue;
            }

            // A guest that keeps its function busy must not keep what it was allowed: it is tried for as long as the guest has it.
            if (change.Attempts == PolicyAttempts)
            {
                foreach (PciAddress host in change.Left)
                {
                    _services.Warnings.Warn(
                        _id.DomainId,
                        $"{host}: its policy changed, but it does not answer or is always busy; what held goes on to hold meanwhile");
                }
            }

            _changedPolicies.Enqueue(change);
            Interlocked.Exchange(ref _isWholeDue, 1);
            _passes.WakeLater(_id);
        }
    }
}
