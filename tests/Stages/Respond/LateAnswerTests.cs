using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Respond;

/// <summary>An answer that the guest does not wait for any more: what was granted for it goes back.</summary>
public sealed class LateAnswerTests
{
    // What enables messages has a ticket; what disables them grants nothing.
    [Theory]
    [InlineData(PciOpCode.EnableMsi, 1)]
    [InlineData(PciOpCode.EnableMsix, 2)]
    [InlineData(PciOpCode.EnableMultiMsi, 3)]
    [InlineData(PciOpCode.DisableMsi, 0)]
    [InlineData(PciOpCode.ConfigRead, 0)]
    public void What_was_granted_for_it_is_taken_back_once(PciOpCode command, long ticket)
    {
        var interrupts = new TestInterrupts();
        using var guest = new TestGuest(interrupts);
        guest.Page.Frontend.Post(new PciOpRequest { Command = command, Offset = 0x80, Size = 4, Value = 1, Info = 2 });

        guest.Run(stage => Assert.True(stage != 4 || guest.Page.Frontend.GiveUp()));
        guest.Run();

        Assert.Equal(ticket == 0 ? [] : [ticket], interrupts.Abandoned);
        Assert.Equal((1L, 1L, 0L, 0), (guest.Counters.Requests, guest.Counters.LateReplies, guest.Counters.Answered, guest.Notifications));
        Assert.False(guest.Function.Registers.KnowsMessages);
    }

    [Fact]
    public void What_was_granted_and_answered_stays()
    {
        var interrupts = new TestInterrupts();
        using var guest = new TestGuest(interrupts);

        guest.Serve(new PciOpRequest { Command = PciOpCode.EnableMsi });
        guest.Serve(TestGuest.Read(0x80, 4));

        Assert.Empty(interrupts.Abandoned);
    }
}
