using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests.Effects;

/// <summary>What the guest reads of its power state, what of it is the function's, and what is done before it comes.</summary>
public sealed class PowerControlTests
{
    private const int Control = Pm + 4;

    private static readonly AccessPolicy s_real = AccessPolicy.Default with { AllowPowerStates = new(true, SettingOrigin.BuiltIn) };

    // A function that has D1 and D2: states that are written in turn, whether each is taken, what is read then.
    [Fact]
    public void A_function_with_all_states_goes_down_step_by_step_and_up_only_to_D0()
    {
        FilteredGuest guest = new(CardBuilder().Set(Pm + 2, 2, 0xFE23).Build());
        (uint State, AccessStatus Status, uint Seen)[] steps =
        [
            (1, AccessStatus.Success, 1), (2, AccessStatus.Success, 2), (1, AccessStatus.AccessDenied, 2), (3, AccessStatus.Success, 3),
            (2, AccessStatus.AccessDenied, 3), (0, AccessStatus.Success, 0),
        ];
        Assert.All(steps, step =>
        {
            Assert.Equal(step.Status, guest.Write(Control, 2, step.State));
            Assert.Equal((step.Seen, 0), (guest.Read(Control, 2) & 3, guest.Hardware.PowerState));
        });
    }

    [Fact]
    public void A_state_whose_existence_cannot_be_looked_up_is_not_taken()
    {
        EmulatedFunction card = CardBuilder().Set(Pm + 2, 2, 0xFE23).Build();
        ContraryFunction contrary = new(card);
        FilteredGuest guest = new(card, around: contrary);
        contrary.RefusesRead = static offset => offset == Pm + 2;

        Assert.Equal(AccessStatus.OperationFailed, guest.Write(Control, 2, 1));
        Assert.Equal(0u, guest.Read(Control, 2) & 3);
        Assert.Equal(AccessStatus.Success, guest.Write(Control, 2, 3));
    }

    // A reset ends in D0 (PCI Power Management 1.2 §5.4): also for a guest that is only answered.
    [Fact]
    public void After_a_reset_the_guest_reads_D0()
    {
        FilteredGuest guest = new(Card(), AccessPolicy.Default with { AllowFunctionReset = new(true, SettingOrigin.BuiltIn) });
        guest.Write(Control, 2, 3);
        Assert.Equal(3u, guest.Read(Control, 2) & 3);

        Assert.Equal(AccessStatus.Success, guest.Write(Express + 9, 1, 0x80));

        Assert.Equal(0x0008u, guest.Read(Control, 2) & 0x000B);
    }

    // Without No_Soft_Reset the way up from D3hot is a reset: whoever enabled its interrupts has to know.
    [Fact]
    public void The_way_up_is_told_as_a_reset_and_neither_the_way_down_nor_staying_is()
    {
        FilteredGuest guest = new(Card(), s_real);
        int resets = 0;
        guest.Assigned.AfterReset = _ => resets++;

        guest.Write(Control, 2, 0);
        guest.Write(Control, 2, 3);
        Assert.Equal((0, 3), (resets, guest.Hardware.PowerState));
        guest.Write(Control, 2, 0);
        Assert.Equal((1, 0), (resets, guest.Hardware.PowerState));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 3)]
    public void A_function_that_was_left_asleep_is_woken_where_its_state_is_only_answered(bool isReal, int state)
    {
        FilteredGuest guest = new(CardBuilder().Set(Control, 2, 0x000B).Build(), isReal ? s_real : AccessPolicy.Default);

        Assert.True(SideEffects.Prepare(guest.Assigned));

        Assert.Equal(state, guest.Hardware.PowerState);
    }

    // PME_Status clears on a one: it is the guest's to clear.
    [Fact]
    public void Switching_wake_up_events_off_clears_no_event()
    {
        FilteredGuest guest = new(CardBuilder().Set(Control, 2, 0x8108).Build());

        Assert.True(SideEffects.Prepare(guest.Assigned));

        Assert.Equal(0x8008u, guest.Raw(Control, 2));
        Assert.Single(guest.Writes());
        Assert.True(SideEffects.Prepare(guest.Assigned));
        Assert.Empty(guest.Writes());
    }

    [Fact]
    public void What_cannot_be_prepared_is_said()
    {
        EmulatedFunction card = CardBuilder().Set(Control, 2, 0x010B).Build();
        ContraryFunction contrary = new(card);
        FilteredGuest guest = new(card, around: contrary);

        contrary.RefusesRead = static offset => offset == Control;
        Assert.False(SideEffects.Prepare(guest.Assigned));
        contrary.RefusesRead = static _ => false;
        contrary.RefusesWrite = static offset => offset == Control;
        Assert.False(SideEffects.Prepare(guest.Assigned));
        contrary.RefusesWrite = static _ => false;
        contrary.RefusesPowerStates = true;
        Assert.False(SideEffects.Prepare(guest.Assigned));
        contrary.RefusesPowerStates = false;
        Assert.True(SideEffects.Prepare(guest.Assigned));
    }

    [Fact]
    public void A_function_that_is_gone_is_not_prepared_and_that_is_no_failure()
    {
        FilteredGuest guest = new(CardBuilder().Set(Control, 2, 0x010B).Build());
        guest.Hardware.Faults.Inject(FaultKind.AllOnes);

        Assert.True(SideEffects.Prepare(guest.Assigned));

        Assert.True(guest.Assigned.IsGone);
        Assert.Empty(guest.Writes());
    }

    [Fact]
    public void A_state_that_the_host_refuses_is_denied()
    {
        EmulatedFunction card = Card();
        ContraryFunction contrary = new(card) { RefusesPowerStates = true };
        FilteredGuest guest = new(card, s_real, around: contrary);

        Assert.Equal(AccessStatus.AccessDenied, guest.Write(Control, 2, 3));
    }
}
