using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Run;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// One instance of a guest's backend: reads xenstore, feeds <see cref="GuestLifecycle"/>, does what it says. Owned by the guest's queue;
/// <see cref="Snapshot"/> may be called by any thread. When it is gone, a successor begins with the directory as it is then.
/// </summary>
internal sealed class Guest : IDisposable
{
    // A pass follows its own writes at once instead of waiting for their watch events; the bound is for a store that answers oddly.
    private const int MaxRounds = 4;

    private readonly GuestId _id;
    private readonly GuestServices _services;
    private readonly Action _wake;
    private readonly bool _adopt;
    private readonly OwnDirectory _own;
    private readonly GuestExports _exports;
    private readonly LogAllowance _lines = new(TimeProvider.System);
    private GuestState _state = GuestState.New;
    private bool _hasAppeared;
    private string? _frontend;
    private GuestAttachment? _attachment;
    private IDisposable? _frontendWatch;
    private volatile GuestSnapshot _snapshot;

    /// <param name="id">Which guest.</param>
    /// <param name="services">Through what it acts.</param>
    /// <param name="wake">Asks for another pass.</param>
    /// <param name="adopt">Whether a directory that an earlier daemon left is continued.</param>
    public Guest(GuestId id, GuestServices services, Action wake, bool adopt)
    {
        _id = id;
        _services = services;
        _wake = wake;
        _adopt = adopt;
        _own = new(services.Store, id.Backend);
        _exports = new(id.DomainId, services, wake);
        _snapshot = new(id, XenbusState.Unknown, XenbusState.Unknown, null, null, [], null);
    }

    /// <summary>Whether this instance is finished.</summary>
    public bool IsGone => _state.IsGone;

    /// <summary>What is known about it.</summary>
    public GuestSnapshot Snapshot => _snapshot;

    /// <summary>One pass: looks at everything and acts on what changed.</summary>
    public void Pass()
    {
        if (!_hasAppeared)
        {
            (GuestNode node, _frontend) = GuestNodeReader.Read(_services.Store, _services.Domains, _id, attached: null);
            _own.State = node.Backend;
            Apply(new GuestEvent.Appeared(node, _adopt));
            _hasAppeared = true;
        }

        if (!IsGone && _frontend is not null)
        {
            _frontendWatch ??= _services.Store.Watch($"{_frontend}/state", _ => _wake());
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
            GuestNode node = Read();
            if (Apply(new GuestEvent.BackendChanged(node)) && !IsGone)
            {
                node = Read();
            }

            if (!IsGone)
            {
                Apply(new GuestEvent.FrontendChanged(node));
            }
        }
        while (!IsGone && _state.Own != before && ++rounds < MaxRounds);
        if (_exports.HasLost || _state.Lost.Count > 0)
        {
            Apply(new GuestEvent.FunctionsSeen(_exports.Lost));
        }

        TakeSnapshot();
    }

    /// <summary>The policy of a device changed: if the guest has it, what it may do is decided anew.</summary>
    /// <returns>False when that has to be tried again.</returns>
    public bool ChangePolicy(PciAddress host)
    {
        bool isDone = _exports.Recompile(host, _attachment is { } attachment ? attachment.Lane.Run : static action => action());
        TakeSnapshot();
        return isDone;
    }

    /// <summary>The daemon stops: the guest is no longer served, but keeps everything.</summary>
    public void Stop()
    {
        Apply(new GuestEvent.Stopping());
        TakeSnapshot();
    }

    /// <summary>Ends the watch; the instance is gone or stopped.</summary>
    public void Dispose()
    {
        _frontendWatch?.Dispose();
        _frontendWatch = null;
        DropAttachment();
    }

    private void DropAttachment()
    {
        _attachment?.Dispose();
        _attachment = null;
    }

    private GuestNode Read()
    {
        GuestNode node = GuestNodeReader.Read(_services.Store, _services.Domains, _id, _attachment?.Keys).Node;
        return IsMissingSome(node) ? ReadAtOnce(node) : node;
    }

    /// <summary>
    /// A device may seem to be gone because it was renumbered between two reads: a transaction tells. It reads nothing that the guest writes, which
    /// could make each one end in a conflict and keep what was taken from it.
    /// </summary>
    private GuestNode ReadAtOnce(GuestNode seen)
    {
        for (int round = 0; round < MaxRounds; round++)
        {
            using IXenStoreTransaction transaction = _services.Store.BeginTransaction();
            GuestNode node = GuestNodeReader.ReadBackend(transaction, _id, seen);
            if (transaction.Commit())
            {
                return IsMissingSome(node) ? node with { Withdrawn = _exports.MissingIn(node.Devices) } : node;
            }
        }

        _wake();
        return seen;
    }

    private bool IsMissingSome(GuestNode node) => node is { Exists: true, DevicesError: null } && _exports.MissingIn(node.Devices).Count > 0;

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
            case GuestAction.ExportDevice export:
                Export(export.Device);
                return null;
            case GuestAction.RemoveDevice remove:
                Remove(remove.Device);
                return null;
            case GuestAction.TakeBack takeBack:
                TakeBack(takeBack.Host);
                return null;
            case GuestAction.FailDevice fail:
                FailDevice(fail.Index, fail.Reason);
                return null;
            case GuestAction.PublishRoots:
                return PublishRoots();
            case GuestAction.Attach:
                return Attach();
            case GuestAction.Detach:
                DropAttachment();

                // One that is gone gives its devices back whole, DMA first; or the daemon stops, which leaves its guests what they have.
                if (_state is { IsGone: false, IsEnded: false })
                {
                    _exports.DisableMessages();
                }

                return null;
            case GuestAction.ReportError report:
                _services.Warnings.Warn(_id.DomainId, report.Reason);
                _services.Store.Write(_id.ErrorNode, StoreFormats.FormatError(report.Errno, report.Reason));
                return null;
            case GuestAction.ReportLost lost:
                GuestLog.FunctionLost(_services.Logger, _id.DomainId, lost.Host);
                return null;
            case GuestAction.PublishFailure failure:
                _own.PublishFailure(failure.HasFailed);
                return null;
            case GuestAction.Warn warn:
                _services.Warnings.Warn(_id.DomainId, warn.Subject);
                return null;
            case GuestAction.ReleaseDevices:
                _exports.LetGoOfAll();
                _services.Warnings.Forget(_id.DomainId);
                return null;
            default:
                return null;
        }
    }

    private GuestEvent.Vanished? SwitchState(XenbusState next)
    {
        XenbusState previous = _own.State;
        OwnDirectory.Outcome outcome = _own.SwitchState(next);
        if (outcome == OwnDirectory.Outcome.Written && MayLog())
        {
            GuestLog.StateSwitched(_services.Logger, _id.DomainId, previous, next);
        }

        return outcome == OwnDirectory.Outcome.Successor ? new() : null;
    }

    private void Export(DeviceNode device)
    {
        PciAddress host = device.Host!.Value;
        byte? requested = device.Guest is { Domain: 0, Bus: 0 } published ? published.Devfn : device.RequestedDevfn;
        if (device.Options?.Complaint is { } complaint)
        {
            _services.Warnings.Warn(_id.DomainId, complaint);
        }

        string? failure = _exports.Add(host, requested, device.Options, out PciAddress guest);
        if (failure is not null)
        {
            FailDevice(device.Index, failure);
            return;
        }

        _attachment?.Lane.SetFunctions(_exports.Table);
        try
        {
            _own.PublishDevice(device.Index, guest);
        }
        catch (HypervisorException)
        {
            // Not published is not given: a function nobody can find must not stay claimed.
            TakeBack(host);
            throw;
        }
    }

    private void Remove(DeviceNode device)
    {
        PciAddress? host = device.Host ?? (device.Guest is { } guest ? _exports.FindHost(guest) : null);
        if (host is { } known)
        {
            TakeBack(known);
        }
    }

    private void TakeBack(PciAddress host)
    {
        if (_exports.Remove(host) is not { } function)
        {
            return;
        }

        _attachment?.Lane.SetFunctions(_exports.Table);
        _exports.LetGo(function);
    }

    private void FailDevice(int index, string reason)
    {
        _services.Warnings.Warn(_id.DomainId, reason);
        _own.FailDevice(index, reason);
    }

    private GuestEvent.PublishFailed? PublishRoots() =>
        _own.PublishRoots(_exports.Roots) is { } reason ? new(Errno.EINVAL, reason) : null;

    private GuestEvent Attach()
    {
        var attachment = GuestAttachment.Create(
            _services, _id.DomainId, _frontend!, _exports.Table, out Errno errno, out string? reason);
        if (attachment is null)
        {
            return new GuestEvent.AttachFailed(errno, reason!);
        }

        _attachment = attachment;
        if (MayLog())
        {
            GuestLog.Attached(_services.Logger, _id.DomainId, attachment.Lane.Shard, attachment.Lane.Port);
        }

        return new GuestEvent.Attached();
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
        foreach (AssignedFunction function in _exports.Table.Functions)
        {
            functions.Add(new(function, _services.Interrupts));
        }

        _snapshot = new(
            _id, _state.Own, _state.LastFrontend, _attachment?.Lane.Shard, _attachment?.Lane.Port, functions, _attachment?.Lane.Connection.Counters);
    }
}
