using PciBackFlow.Hardware.Errors;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Errors;

/// <summary>
/// A recovery as a function of state and event; it touches nothing. The order of the steps is that of Linux's Documentation/PCI/pci-error-recovery.rst, and
/// which verdicts lead where is that of drivers/pci/pcie/err.c, with two differences. After a fatal error <c>mmio_enabled</c> is not asked: the link was reset,
/// and in a device without a driver nothing of its registers is left to look at. And who does not answer is not waited for: xen-pciback waits 300 s, and takes
/// silence for consent.
/// </summary>
public static class RecoveryTable
{
    /// <summary>How it begins.</summary>
    /// <param name="severity">The worst of the errors; not a corrected one.</param>
    /// <returns>The first step.</returns>
    public static RecoveryTransition Begin(ErrorSeverity severity)
    {
        ChannelState channel = severity == ErrorSeverity.Fatal ? ChannelState.Frozen : ChannelState.Normal;
        return new(new(RecoveryPhase.Detecting, channel), new RecoveryAction.Ask(PciOpCode.AerDetected, channel));
    }

    /// <summary>How it begins where nothing is tried any more.</summary>
    /// <returns>The last step.</returns>
    public static RecoveryTransition BeginFailed() => Fail(new(RecoveryPhase.Failing, ChannelState.PermanentFailure));

    /// <summary>How one goes on that an earlier daemon began: its step is taken again. Drivers that answered it are asked twice.</summary>
    /// <param name="left">Where it stood.</param>
    /// <returns>The same step.</returns>
    public static RecoveryTransition Resume(RecoveryState left) => left.Phase switch
    {
        RecoveryPhase.Detecting => new(left, new RecoveryAction.Ask(PciOpCode.AerDetected, left.Channel)),
        RecoveryPhase.Enabling => Enable(left),
        RecoveryPhase.Resetting => Reset(left),
        RecoveryPhase.Reinitialising => Reinitialise(left),
        RecoveryPhase.Resuming => GoOn(left),
        _ => Fail(left),
    };

    /// <summary>Decides what follows.</summary>
    /// <param name="state">Where it stands.</param>
    /// <param name="recoveryEvent">What happened.</param>
    /// <returns>Where it stands then, and what to do.</returns>
    public static RecoveryTransition Next(RecoveryState state, RecoveryEvent recoveryEvent)
    {
        if (state.IsOver)
        {
            return new(state, new RecoveryAction.End());
        }

        return recoveryEvent switch
        {
            RecoveryEvent.GuestGone => End(state, RecoveryPhase.Abandoned),
            RecoveryEvent.Silent => End(state, RecoveryPhase.Failed),
            RecoveryEvent.WasReset reset => reset.Works ? Reinitialise(state) : Fail(state),
            RecoveryEvent.Voted voted => OnVerdict(state, voted.Verdict),
            _ => Fail(state),
        };
    }

    private static RecoveryTransition OnVerdict(RecoveryState state, RecoveryVerdict verdict) => (state.Phase, state.Channel, verdict) switch
    {
        (RecoveryPhase.Detecting, _, RecoveryVerdict.NeedReset) => Reset(state),
        (RecoveryPhase.Detecting, ChannelState.Normal, RecoveryVerdict.CanRecover) => Enable(state),
        (RecoveryPhase.Detecting, ChannelState.Normal, RecoveryVerdict.Recovered) => GoOn(state),

        // Whatever they think of it: what the registers held is lost.
        (RecoveryPhase.Detecting, ChannelState.Frozen, RecoveryVerdict.CanRecover or RecoveryVerdict.Recovered) => Reset(state),
        (RecoveryPhase.Enabling, _, RecoveryVerdict.Recovered) => GoOn(state),
        (RecoveryPhase.Enabling, _, RecoveryVerdict.NeedReset) => Reset(state),
        (RecoveryPhase.Reinitialising, _, RecoveryVerdict.Recovered) => GoOn(state),

        // Nobody can object to going on: frontends always answer "none".
        (RecoveryPhase.Resuming, _, _) => End(state, RecoveryPhase.Recovered),
        (RecoveryPhase.Failing, _, _) => End(state, RecoveryPhase.Failed),
        _ => Fail(state),
    };

    private static RecoveryTransition Enable(RecoveryState state) =>
        new(state with { Phase = RecoveryPhase.Enabling }, new RecoveryAction.Ask(PciOpCode.AerMmioEnabled));

    private static RecoveryTransition Reset(RecoveryState state) => new(state with { Phase = RecoveryPhase.Resetting }, new RecoveryAction.Reset());

    private static RecoveryTransition Reinitialise(RecoveryState state) =>
        new(state with { Phase = RecoveryPhase.Reinitialising }, new RecoveryAction.Ask(PciOpCode.AerSlotReset));

    private static RecoveryTransition GoOn(RecoveryState state) =>
        new(state with { Phase = RecoveryPhase.Resuming }, new RecoveryAction.Ask(PciOpCode.AerResume));

    private static RecoveryTransition Fail(RecoveryState state) =>
        new(state with { Phase = RecoveryPhase.Failing }, new RecoveryAction.Ask(PciOpCode.AerDetected, ChannelState.PermanentFailure));

    private static RecoveryTransition End(RecoveryState state, RecoveryPhase phase) => new(state with { Phase = phase }, new RecoveryAction.End());
}
