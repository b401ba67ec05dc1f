using System.Collections.Concurrent;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// A backend directory's place in the registry: the instance that lives now. Instances of one directory follow each other, and its passes never overlap, so a
/// successor never meets its predecessor's leftovers (XSA-350).
/// </summary>
internal sealed class GuestEntry
{
    // A pause each: longer than the kernel waits for a device after a reset.
    private const int PolicyAttempts = 90;

    // A hand-shake is about ten passes, a hot-plug five: what exceeds this within a second is a storm.
    private const int PassesPerSecond = 256;
    private static readonly TimeSpan CoolDown = TimeSpan.FromMilliseconds(20);

    private readonly GuestId _id;
    private readonly GuestServices _services;
    private readonly PassQueue<GuestId> _passes;
    private readonly Action<GuestEntry> _empty;
    private readonly FixedWindow _pace = new(PassesPerSecond, TimeSpan.FromSeconds(1), TimeProvider.System);
    private readonly ConcurrentQueue<(PciAddress Host, int Attempts)> _changedPolicies = new();
    private bool _adopt;
    private long _passesMade;
    private volatile Guest? _guest;

    public GuestEntry(GuestId id, GuestServices services, PassQueue<GuestId> passes, bool adopt, Action<GuestEntry> empty)
    {
        _id = id;
        _services = services;
        _passes = passes;
        _adopt = adopt;
        _empty = empty;
    }

    public GuestId Id => _id;

    /// <summary>Passes so far.</summary>
    public long Passes => Interlocked.Read(ref _passesMade);

    /// <summary>The instance that lives; null when there is none.</summary>
    public GuestSnapshot? Snapshot => _guest?.Snapshot;

    /// <summary>The policy of a device changed; whether this guest has it the next pass finds out. Any thread.</summary>
    public void ChangePolicy(PciAddress host)
    {
        _changedPolicies.Enqueue((host, 0));
        _passes.Wake(_id);
    }

    /// <summary>One pass. A guest that keeps its passes coming is slowed down.</summary>
    /// <exception cref="HypervisorException">The hypervisor or xenstore refused something.</exception>
    public async Task PassAsync()
    {
        Interlocked.Increment(ref _passesMade);
        try
        {
            Pass();
        }
        finally
        {
            if (!_pace.TryTake(out _))
            {
                await Task.Delay(CoolDown).ConfigureAwait(false);
            }
        }
    }

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

    private void Pass()
    {
        Guest guest = _guest ??= new(_id, _services, () => _passes.Wake(_id), _adopt);
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
                _services.Warnings.Warn(
                    _id.DomainId,
                    $"{changed.Host}: its policy changed, but it does not answer or is always busy; what held goes on to hold meanwhile");
            }

            _changedPolicies.Enqueue((changed.Host, changed.Attempts + 1));
            _passes.WakeLater(_id);
        }
    }
}
