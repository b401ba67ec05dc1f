using PciBackFlow.Backend.Errors;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>
/// Every state and every event of a recovery. The expected column is read from Linux's Documentation/PCI/pci-error-recovery.rst (steps 1 to 6) and
/// drivers/pci/pcie/err.c (pcie_do_recovery), not from the table under test.
/// </summary>
public sealed class RecoveryTableTests
{
    private static readonly RecoveryVerdict[] AllVerdicts =
        [RecoveryVerdict.CanRecover, RecoveryVerdict.NeedReset, RecoveryVerdict.Disconnect, RecoveryVerdict.Recovered, RecoveryVerdict.NoHandler];

    // Phase, channel, then what follows from: can recover, need reset, disconnect, recovered, no handler.
    public static TheoryData<RecoveryPhase, ChannelState, RecoveryPhase[]> Rows => new()
    {
        // Step 1: all can: step 2; any wants a reset: step 4; the rest: step 6.
        {
            RecoveryPhase.Detecting, ChannelState.Normal,
            [RecoveryPhase.Enabling, RecoveryPhase.Resetting, RecoveryPhase.Failing, RecoveryPhase.Resuming, RecoveryPhase.Failing]
        },

        // "no automatic link reset was performed": else step 2 is left out.
        {
            RecoveryPhase.Detecting, ChannelState.Frozen,
            [RecoveryPhase.Resetting, RecoveryPhase.Resetting, RecoveryPhase.Failing, RecoveryPhase.Resetting, RecoveryPhase.Failing]
        },

        // Step 2: all recovered: step 5; any wants a reset: step 4. "Can recover" is no answer here.
        {
            RecoveryPhase.Enabling, ChannelState.Normal,
            [RecoveryPhase.Failing, RecoveryPhase.Resetting, RecoveryPhase.Failing, RecoveryPhase.Resuming, RecoveryPhase.Failing]
        },

        // Step 4: step 5 or step 6; there is no second reset.
        {
            RecoveryPhase.Reinitialising, ChannelState.Normal,
            [RecoveryPhase.Failing, RecoveryPhase.Failing, RecoveryPhase.Failing, RecoveryPhase.Resuming, RecoveryPhase.Failing]
        },
        {
            RecoveryPhase.Reinitialising, ChannelState.Frozen,
            [RecoveryPhase.Failing, RecoveryPhase.Failing, RecoveryPhase.Failing, RecoveryPhase.Resuming, RecoveryPhase.Failing]
        },

        // Step 5: "does not return a result code".
        {
            RecoveryPhase.Resuming, ChannelState.Normal,
            [RecoveryPhase.Recovered, RecoveryPhase.Recovered, RecoveryPhase.Recovered, RecoveryPhase.Recovered, RecoveryPhase.Recovered]
        },

        // Step 6: whatever they say to it.
        {
            RecoveryPhase.Failing, ChannelState.PermanentFailure,
            [RecoveryPhase.Failed, RecoveryPhase.Failed, RecoveryPhase.Failed, RecoveryPhase.Failed, RecoveryPhase.Failed]
        },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Each_verdict_leads_where_the_document_says(RecoveryPhase phase, ChannelState channel, RecoveryPhase[] next)
    {
        foreach ((RecoveryVerdict verdict, RecoveryPhase expected) in AllVerdicts.Zip(next))
        {
            RecoveryTransition transition = RecoveryTable.Next(new(phase, channel), new RecoveryEvent.Voted(verdict));

            Assert.Equal((verdict, expected), (verdict, transition.State.Phase));
            Assert.Equal(channel, transition.State.Channel);
            AssertActionOf(transition);
        }
    }

    [Theory]
    [InlineData(ErrorSeverity.NonFatal, ChannelState.Normal)]
    [InlineData(ErrorSeverity.Fatal, ChannelState.Frozen)]
    public void It_begins_with_what_the_channel_is(ErrorSeverity severity, ChannelState channel)
    {
        RecoveryTransition first = RecoveryTable.Begin(severity);

        Assert.Equal(new(RecoveryPhase.Detecting, channel), first.State);
        Assert.Equal(new RecoveryAction.Ask(PciOpCode.AerDetected, channel), first.Action);
    }

    [Fact]
    public void Where_nothing_is_tried_any_more_drivers_are_told_so() =>
        Assert.Equal(new RecoveryAction.Ask(PciOpCode.AerDetected, ChannelState.PermanentFailure), RecoveryTable.BeginFailed().Action);

    [Theory]
    [InlineData(true, RecoveryPhase.Reinitialising)]
    [InlineData(false, RecoveryPhase.Failing)]
    public void A_reset_is_followed_by_step_4_or_6(bool works, RecoveryPhase next)
    {
        RecoveryTransition transition = RecoveryTable.Next(new(RecoveryPhase.Resetting, ChannelState.Normal), new RecoveryEvent.WasReset(works));

        Assert.Equal(next, transition.State.Phase);
        AssertActionOf(transition);
    }

    [Fact]
    public void From_every_step_a_guest_that_goes_ends_it_and_silence_fails_it_without_another_question()
    {
        foreach (RecoveryPhase phase in Enum.GetValues<RecoveryPhase>())
        {
            RecoveryState state = new(phase, ChannelState.Normal);
            RecoveryPhase gone = RecoveryTable.Next(state, new RecoveryEvent.GuestGone()).State.Phase;
            RecoveryTransition silent = RecoveryTable.Next(state, new RecoveryEvent.Silent());

            Assert.Equal(state.IsOver ? phase : RecoveryPhase.Abandoned, gone);
            Assert.Equal(state.IsOver ? phase : RecoveryPhase.Failed, silent.State.Phase);
            Assert.IsType<RecoveryAction.End>(silent.Action);
        }
    }

    [Theory]
    [InlineData(RecoveryPhase.Detecting)]
    [InlineData(RecoveryPhase.Enabling)]
    [InlineData(RecoveryPhase.Resetting)]
    [InlineData(RecoveryPhase.Reinitialising)]
    [InlineData(RecoveryPhase.Resuming)]
    [InlineData(RecoveryPhase.Failing)]
    public void The_next_daemon_takes_the_same_step_again(RecoveryPhase phase)
    {
        RecoveryTransition again = RecoveryTable.Resume(new(phase, ChannelState.Frozen));

        Assert.Equal(new(phase, ChannelState.Frozen), again.State);
        AssertActionOf(again);
    }

    [Fact]
    public void No_sequence_of_events_goes_on_for_ever()
    {
        RecoveryEvent[] events =
            [.. AllVerdicts.Select(static verdict => new RecoveryEvent.Voted(verdict)), new RecoveryEvent.WasReset(true), new RecoveryEvent.WasReset(false)];
        HashSet<RecoveryState> states = [RecoveryTable.Begin(ErrorSeverity.NonFatal).State];
        for (int step = 0; step < 7; step++)
        {
            states = [.. states.Where(static state => !state.IsOver)
                .SelectMany(state => events.Where(happened => happened is RecoveryEvent.WasReset == (state.Phase == RecoveryPhase.Resetting))
                    .Select(happened => RecoveryTable.Next(state, happened).State))];
        }

        Assert.All(states, static state => Assert.True(state.IsOver));
    }

    private static void AssertActionOf(RecoveryTransition transition) => Assert.Equal(
        transition.State.Phase switch
        {
            RecoveryPhase.Detecting => new RecoveryAction.Ask(PciOpCode.AerDetected, transition.State.Channel),
            RecoveryPhase.Enabling => new RecoveryAction.Ask(PciOpCode.AerMmioEnabled),
            RecoveryPhase.Resetting => new RecoveryAction.Reset(),
            RecoveryPhase.Reinitialising => new RecoveryAction.Ask(PciOpCode.AerSlotReset),
            RecoveryPhase.Resuming => new RecoveryAction.Ask(PciOpCode.AerResume),
            RecoveryPhase.Failing => new RecoveryAction.Ask(PciOpCode.AerDetected, ChannelState.PermanentFailure),
            _ => (RecoveryAction)new RecoveryAction.End(),
        },
        transition.Action);
}
