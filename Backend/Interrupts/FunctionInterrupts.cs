using PciBackFlow.Backend.Running;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// The interrupts of one function of one guest. One operation at a time, by its lock; whoever cannot have it for too long gives up, because
/// a hypercall that hangs must not take further workers with it. Any thread.
/// </summary>
internal sealed partial class FunctionInterrupts
{
    // Longer than any set-up that goes well; shorter than a request may take (1,500 ms).
    private static readonly TimeSpan RequestPatience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(3);

    private static readonly InterruptRefusal Occupied = new(Errno.EBUSY, "another interrupt request is still under way");

    private readonly Lock _lock = new();
    private readonly int _domainId;
    private readonly IPciFunction _hardware;
    private readonly MessageSetup _setup;
    private readonly DistinctWarnings _warnings;
    private readonly Func<long> _nextTicket;
    private readonly PassQueue<FunctionInterrupts> _cleaning;
    private readonly RefusalBrake _brake = new();
    private volatile MessageGrant? _grant;
    private volatile bool _isClosed;
    private long _abandoned;
    private long _enables;
    private long _failures;
    private Action? _whenClosed;

    /// <param name="domainId">The guest that owns the function.</param>
    /// <param name="function">The function.</param>
    /// <param name="physdev">Who maps.</param>
    /// <param name="journal">Where it is written down; null for nowhere.</param>
    /// <param name="warnings">Who says what goes wrong.</param>
    /// <param name="nextTicket">Rising numbers for grants, each one once.</param>
    /// <param name="cleaning">Has <see cref="Clean"/> called on another thread.</param>
    public FunctionInterrupts(
        int domainId, AssignedFunction function, IPhysdev physdev, MessageJournal? journal, DistinctWarnings warnings, Func<long> nextTicket,
        PassQueue<FunctionInterrupts> cleaning)
    {
        _domainId = domainId;
        _hardware = function.Hardware;
        _setup = new(domainId, function, physdev, journal, () => _isClosed, Warn);
        _warnings = warnings;
        _nextTicket = nextTicket;
        _cleaning = cleaning;
    }

    /// <summary>Whether messages are mapped for the guest now.</summary>
    public bool HasMessages => _grant is not null;

    /// <summary>What is enabled, and the counters; now.</summary>
    public InterruptState State
    {
        get
        {
            MessageGrant? grant = _grant;
            return new(
                grant?.Mode ?? (Line != 0 ? InterruptMode.Line : InterruptMode.None),
                grant?.Pirqs.Length ?? 0,
                grant?.Pirqs ?? [],
                Interlocked.Read(ref _enables),
                Interlocked.Read(ref _failures));
        }
    }

    // The guest's pirq of the line: the number it reads at 0x3C. Virtual functions have none (SR-IOV 1.1 §3.4.1.18).
    private uint Line => _hardware.IsVirtualFunction ? 0u : _hardware.InterruptLine;

    /// <summary>Op 2.</summary>
    public InterruptReply EnableMsi() => TryEnableMsi(1, out MessageGrant? grant) is { } refusal
        ? Failed("enable MSI", refusal, value: 0)
        : Enabled(grant!, (uint)grant!.Pirqs[0]);

    /// <summary>Op 10.</summary>
    public InterruptReply EnableMultiMsi(uint count) => TryEnableMsi(count, out MessageGrant? grant) is { } refusal
        ? Failed("enable several MSI messages", refusal, value: 0, refusal.Available)
        : Enabled(grant!, (uint)grant!.Pirqs[0], count);

    /// <summary>Op 4.</summary>
    public InterruptReply EnableMsix(Span<MsixEntry> entries)
    {
        if (TryEnableMsix(entries, out MessageGrant? grant) is { } refusal)
        {
            return Failed("enable MSI-X", refusal, unchecked((uint)-(int)refusal.Errno));
        }

        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].Vector = (ushort)grant!.Pirqs[i];
        }

        return Enabled(grant!, value: 0);
    }

    /// <summary>
    /// Ops 3 and 5 alike: Linux's frontend sends 3 for MSI-X too. Where it cannot be carried out at once, a set-up is under way that
    /// nobody waits for any more, and what that one gets is taken back anyway.
    /// </summary>
    public InterruptReply Disable()
    {
        UndoGrant(RequestPatience);
        return new(PciOpStatus.Success, Line);
    }

    /// <summary>Notes that the guest never learned of a grant. Never blocks.</summary>
    public void Abandon(long ticket)
    {
        // Tickets rise: an older one says nothing that a younger has not made obsolete.
        long seen = Interlocked.Read(ref _abandoned);
        while (ticket > seen)
        {
            long now = Interlocked.CompareExchange(ref _abandoned, ticket, seen);
            if (now == seen)
            {
                break;
            }

            seen = now;
        }

        _cleaning.Wake(this);
    }

    /// <summary>Takes back what nobody should have any more: an abandoned grant, or that of a guest which is gone.</summary>
    public void Clean()
    {
        // Who has the lock for so long looks again when it lets go.
        if (!_lock.TryEnter(ClosePatience))
        {
            return;
        }

        try
        {
            UndoLeftOver();
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Says that <see cref="Clean"/> failed.</summary>
    public void NotCleaned(Exception failure) => Warn($"what it should not have any more could not be taken back: {failure.Message}");

    /// <summary>Takes the messages back; the guest may enable them again.</summary>
    /// <returns>False when an operation has been under way for too long.</returns>
    public bool Undo() => UndoGrant(ClosePatience);

    /// <summary>The function leaves the guest: nothing is enabled from now on, and what was is taken back.</summary>
    /// <param name="late">Called once, on a thread of its own, when it returned false and the operation has come back after
    /// all: nothing is mapped then.</param>
    /// <returns>False when an operation has been under way for too long; it takes back itself what it got.</returns>
    public bool Close(Action? late = null)
    {
        // Before the lock: an operation that has it looks at this before it keeps anything, and once more after it let go.
        _isClosed = true;
        if (UndoGrant(ClosePatience))
        {
            return true;
        }

        // A full fence between this and the lock that is tried next: else both this and who lets go of it could see what was before.
        Interlocked.Exchange(ref _whenClosed, late);

        // It may have come back just before it could see that somebody waits; then this is who goes on.
        if (!UndoGrant(TimeSpan.Zero))
        {
            return false;
        }

        return late is null || Interlocked.Exchange(ref _whenClosed, null) is not null;
    }

    /// <summary>
    /// The function went through a reset and its header is in place again: gives it the messages back that its guest still counts on. The
    /// caller has the function's lock.
    /// </summary>
    public void Restore()
    {
        if (_grant is null)
        {
            return;
        }

        InterruptRefusal? refusal = Occupied;
        if (_lock.TryEnter(RequestPatience))
        {
            try
            {
                refusal = _grant is { } grant ? _setup.PutBack(grant) : null;
            }
            finally
            {
                Leave();
            }
        }

        if (refusal is not null)
        {
            WarnOfLost(refusal);
        }
    }

    private InterruptRefusal? TryEnableMsi(uint count, out MessageGrant? grant)
    {
        grant = null;
        if (!_lock.TryEnter(RequestPatience))
        {
            return Occupied;
        }

        try
        {
            return Conclude(ObstacleTo(InterruptMode.Msi) ?? _setup.EnableMsi(count, out grant), ref grant);
        }
        finally
        {
            Leave();
        }
    }

    private InterruptRefusal? TryEnableMsix(ReadOnlySpan<MsixEntry> entries, out MessageGrant? grant)
    {
        grant = null;
        if (!_lock.TryEnter(RequestPatience))
        {
            return Occupied;
        }

        try
        {
            return Conclude(ObstacleTo(InterruptMode.MsiX) ?? _setup.EnableMsix(entries, out grant), ref grant);
        }
        finally
        {
            Leave();
        }
    }

    // As Linux's xen_pcibk_enable_msi() and xen_pcibk_enable_msix(): the kind that is on is one error, the other kind another.
    private InterruptRefusal? ObstacleTo(InterruptMode mode)
    {
        UndoLeftOver();
        return _grant switch
        {
            null => _brake.Current,
            { Mode: var enabled } when enabled == mode => new(Errno.EALREADY, $"{NameOf(mode)} is enabled already"),
            { Mode: var enabled } => new(Errno.ENXIO, $"{NameOf(enabled)} is enabled"),
        };
    }

    private static string NameOf(InterruptMode mode) => mode == InterruptMode.MsiX ? "MSI-X" : "MSI";

    private InterruptRefusal? Conclude(InterruptRefusal? refusal, ref MessageGrant? grant)
    {
        if (refusal is not null)
        {
            if (refusal.IsHypervisors)
            {
                _brake.Refused(refusal);
            }

            return refusal;
        }

        _brake.Agreed();
        if (_isClosed)
        {
            _setup.Disable(grant!);
            grant = null;
            return new(Errno.ENODEV, "the guest no longer has the function");
        }

        _grant = grant = grant! with { Ticket = _nextTicket() };
        return null;
    }

    private bool UndoGrant(TimeSpan patience)
    {
        if (!_lock.TryEnter(patience))
        {
            return false;
        }

        try
        {
            UndoGrant();
            return true;
        }
        finally
        {
            Leave();
        }
    }

    private void UndoLeftOver()
    {
        if (IsLeftOver(_grant))
        {
            UndoGrant();
        }
    }

    private void UndoGrant()
    {
        if (_grant is not { } grant)
        {
            return;
        }

        _setup.Disable(grant);
        _grant = null;
    }

    // Whatever was noted while the lock was held finds somebody who takes it back.
    private void Leave()
    {
        _lock.Exit();
        if (IsLeftOver(_grant))
        {
            _cleaning.Wake(this);
        }
        else if (_isClosed && Interlocked.Exchange(ref _whenClosed, null) is { } late)
        {
            _ = Task.Factory.StartNew(late, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    private bool IsLeftOver(MessageGrant? grant) => grant is not null && (_isClosed || grant.Ticket == Interlocked.Read(ref _abandoned));

    private InterruptReply Enabled(MessageGrant grant, uint value, uint info = 0)
    {
        Interlocked.Increment(ref _enables);
        return new(PciOpStatus.Success, value, info, grant.Ticket);
    }

    private InterruptReply Failed(string what, InterruptRefusal refusal, uint value, uint info = 0)
    {
        Interlocked.Increment(ref _failures);
        Warn($"could not {what}: {refusal.Reason}");
        return new(PciOpStatus.OperationFailed, value, info);
    }

    private void WarnOfLost(InterruptRefusal refusal) =>
        Warn($"its interrupts are lost after a reset until its driver enables them anew: {refusal.Reason}");

    private void Warn(string text) => _warnings.Warn(_domainId, $"{_hardware.Address}: {text}");
}
