using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// One instance of a guest's backend: reads xenstore, feeds <see cref="GuestLifecycle"/>, does what it says. Owned by the guest's queue;
/// <see cref="Snapshot"/> may be called by any thread. When it is gone, a successor begins with the directory as it is then.
/// </summary>
internal sealed partial class Guest : IDisposable
{
    // A pass follows its own writes at once instead of waiting for their watch events; the bound is for a store that answers oddly.
    private const int MaxRounds = 4;

    /// <summary>
    /// Lines that changes of state may put into the log in <see cref="LogWindow"/>: a guest can connect and close as often as it likes, and must not fill the
    /// host's disk with it (XSA-43). A life with a dozen hot-plugged devices stays below it.
    /// </summary>
    internal const int LogLines = 40;

    /// <summary>How long those lines have to last.</summary>
    internal static readonly TimeSpan LogWindow = TimeSpan.FromMinutes(1);

    private readonly GuestId _id;
    private readonly GuestServices _services;
    private readonly Action _frontendChanged;
    private readonly Action _appeared;
    private readonly bool _adopt;
    private readonly ServedDirectory _own;
    private readonly ExposedFunctions _exposed;
    private readonly FixedWindow _lines = new(LogLines, LogWindow, TimeProvider.System);
    private GuestState _state = GuestState.New;
    private bool _hasAppeared;
    private string? _frontend;

    // What the frontend's state was when the last pass that came to its end had decided about it.
    private XenbusState? _seenFrontend;
    private GuestAttachment? _attachment;
    private IDisposable? _frontendWatch;
    private volatile GuestSnapshot _snapshot;

    /// <param name="id">Which guest.</param>
    /// <param name="services">Through what it acts.</param>
    /// <param name="wake">Asks for another pass.</param>
    /// <param name="frontendChanged">Asks for another pass, unless <see cref="IsFrontendAsSeen"/>.</param>
    /// <param name="appeared">Told once, when what an earlier daemon left has been continued.</param>
    /// <param name="adopt">Whether a directory that an earlier daemon left is continued.</param>
    public Guest(GuestId id, GuestServices services, Action wake, Action frontendChanged, Action appeared, bool adopt)
    {
        _id = id;
        _services = services;
        _frontendChanged = frontendChanged;
        _appeared = appeared;
        _adopt = adopt;
        _own = new(services.Store, id);
        _exposed = new(id.DomainId, services, wake);
        _snapshot = new(id, XenbusState.Unknown, XenbusState.Unknown, null, null, [], null);
    }

    /// <summary>Whether this instance is finished.</summary>
    public bool IsGone => _state.IsGone;

    /// <summary>What is known about it.</summary>
    public GuestSnapshot Snapshot => _snapshot;

    /// <summary>One pass: looks at everything and acts on what changed.</summary>
    public void Pass()
    {
        _seenFrontend = null;
        XenbusState? seenFrontend = null;
        if (!_hasAppeared)
        {
            GuestObservation seen = LookForAnEarlierOne(Look());
            _frontend = seen.Directory.FrontendPath;
            _exposed.Offered = [.. seen.Directory.Devices.Where(static device => device.Host is not null).Select(static device => device.Host!.Value)];
            _own.State = seen.Directory.Backend;
            Apply(new GuestEvent.Appeared(seen, _adopt));
            _hasAppeared = true;

            // One from an earlier daemon is served from here on; what follows only looks whether something happened meanwhile.
            TakeSnapshot();
            _appeared();
        }

        if (!IsGone && _frontend is not null)
        {
            _frontendWatch ??= _services.Store.Watch(StoreKeys.StateOf(_frontend), _ => _frontendChanged());
        }

        XenbusState before;
        int rounds = 0;
        do
        {
            before = _state.Own;
            if (IsGone)
            {
                break;
            }

            // What was read holds until something was done about it; then it is read anew.
            GuestObservation seen = LookClosely();
            if (Apply(new GuestEvent.BackendChanged(seen)) && !IsGone)
            {
                seen = LookClosely();
            }

            if (!IsGone)
            {
                seenFrontend = seen.Directory.Frontend;
                Apply(new GuestEvent.FrontendChanged(seen));
            }
        }
        while (!IsGone && _state.Own != before && ++rounds < MaxRounds);
        if (_exposed.HasLost || _state.Lost.Count > 0)
        {
            Apply(new GuestEvent.FunctionsSeen(_exposed.Lost));
            LeaveFailures();
        }

        TakeSnapshot();
        _seenFrontend = seenFrontend;
    }

    /// <summary>The daemon stops: the guest is no longer served, but keeps everything.</summary>
    public void Stop()
    {
        Apply(new GuestEvent.Stopping());
        TakeSnapshot();
    }

    /// <summary>Does not look after the frontend any more.</summary>
    public void EndWatch()
    {
        _frontendWatch?.Dispose();
        _frontendWatch = null;
    }

    /// <summary>Ends the watch; the instance is gone or stopped.</summary>
    public void Dispose()
    {
        EndWatch();
        DropAttachment();
    }

    private void DropAttachment()
    {
        _attachment?.Dispose();
        _attachment = null;
    }

    /// <returns>Whether there was anything to do.</returns>
    private bool Apply(GuestEvent guestEvent)
    {
        GuestState before = _state;
        GuestTransition transition = GuestLifecycle.Next(_state, guestEvent);
        _state = transition.State;
        if (_state.IsGone)
        {
            End(transition.Actions);
            return true;
        }

        try
        {
            foreach (GuestAction action in transition.Actions)
            {
                // The outcome decides how it goes on.
                if (Perform(action) is { } outcome)
                {
                    Apply(outcome);
                    return true;
                }
            }

            return transition.Actions.Count > 0;
        }
        catch (HypervisorException) when (!_state.IsGone)
        {
            // What xenstore refused has not happened: the next pass decides anew. Every action may have been done already.
            if (!before.IsAttached)
            {
                DropAttachment();
            }

            _state = before with { IsAttached = _attachment is not null };
            throw;
        }
    }

    /// <summary>What an instance that ends has to let go, it lets go: nobody would do it later.</summary>
    private void End(IReadOnlyList<GuestAction> actions)
    {
        foreach (GuestAction action in actions)
        {
            try
            {
                Perform(action);
            }
            catch (HypervisorException e)
            {
                _services.Warnings.Warn(_id.DomainId, $"xenstore: {e.Message}");
            }
        }
    }

    private GuestEvent? Perform(GuestAction action)
    {
        switch (action)
        {
            case GuestAction.SwitchState switching:
                return SwitchState(switching.State);
            case GuestAction.ExposeDevice expose:
                Expose(expose.Device);
                return null;
            case GuestAction.InheritDevice inherit:
                InheritDevice(inherit.Device, inherit.HasFailed);
                return null;
            case GuestAction.WithdrawDevice asked:
                Withdraw(asked.Device);
                return null;
            case GuestAction.WithdrawUnlisted unlisted:
                Withdraw(unlisted.Host);
                return null;
            case GuestAction.FailDevice fail:
                FailDevice(fail.Index, fail.Failure);
                return null;
            case GuestAction.PublishRoots:
                return PublishRoots();
            case GuestAction.Attach:
                return Attach();
            case GuestAction.Inherit:
                return Inherit();
            case GuestAction.DropMessages:
                _exposed.InheritMessages(areKnown: false);
                return null;
            case GuestAction.Detach:
                DropAttachment();

                // One that is gone gives its devices back whole, DMA first; or the daemon stops, which leaves its guests what they have.
                if (_state is { IsGone: false, IsEnded: false })
                {
                    _exposed.DisableMessages();
                }

                return null;
            case GuestAction.ReportError report:
                _services.Warnings.Warn(_id.DomainId, report.Reason);
                _own.WriteError(report.Errno, report.Reason);
                return null;
            case GuestAction.ReportLost lost:
                // What has failed was said by whoever found that out.
                if (_exposed.IsGone(lost.Host))
                {
                    GuestLog.FunctionLost(_services.Logger, _id.DomainId, lost.Host);
                }

                return null;
            case GuestAction.PublishFailure failure:
                _own.PublishFailure(failure.HasFailed);
                return null;
            case GuestAction.Warn warn:
                _services.Warnings.Warn(_id.DomainId, warn.Subject);
                return null;
            case GuestAction.ReleaseDevices:
                _exposed.ReleaseAll();
                _services.Inheritance?.Forget(_id);
                _services.Warnings.Forget(_id.DomainId);
                return null;
            default:
                return null;
        }
    }

    private GuestEvent.Vanished? SwitchState(XenbusState next)
    {
        XenbusState previous = _own.State;
        ServedDirectory.Outcome outcome = _own.SwitchState(next);
        if (outcome == ServedDirectory.Outcome.Written && MayLog())
        {
            GuestLog.StateSwitched(_services.Logger, _id.DomainId, previous, next);
        }

        return outcome == ServedDirectory.Outcome.Successor ? new() : null;
    }

    private GuestEvent.PublishFailed? PublishRoots() =>
        _own.PublishRoots(_exposed.Roots) is { } reason ? new(Errno.EINVAL, reason) : null;

    private GuestEvent Attach()
    {
        _attachment = GuestAttachment.Create(_services, _id.DomainId, _frontend!, _exposed.Table, out Errno errno, out string? reason);
        if (_attachment is null)
        {
            return new GuestEvent.AttachFailed(errno, reason!);
        }

        LeaveToNext(_attachment);
        SayAttached(_attachment);
        return new GuestEvent.Attached();
    }

    private void SayAttached(GuestAttachment attachment)
    {
        // Not only at the end of the pass: whoever sees it connected, by its state, finds it here with its functions.
        TakeSnapshot();
        if (MayLog())
        {
            GuestLog.Attached(_services.Logger, _id.DomainId, attachment.Lane.Shard, attachment.Lane.Port);
        }
    }

    private bool MayLog()
    {
        bool may = _lines.TryTake(out long suppressed);
        if (suppressed > 0)
        {
            GuestLog.StatesNotLogged(_services.Logger, _id.DomainId, suppressed);
        }

        return may;
    }

    private void TakeSnapshot()
    {
        List<FunctionSnapshot> functions = [];
        foreach (AssignedFunction function in _exposed.Table.Functions)
        {
            functions.Add(new(function, _services.Interrupts));
        }

        _snapshot = new(
            _id, _state.Own, _state.LastFrontend, _attachment?.Lane.Shard, _attachment?.Lane.Port, functions, _attachment?.Lane.Connection.Counters)
        {
            Lane = _attachment?.Lane,
            Table = _exposed.Table,
        };
        _placing = [];
    }
}
