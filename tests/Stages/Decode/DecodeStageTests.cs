using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Decode;

/// <summary>What the request alone decides: nothing behind it is asked any more.</summary>
public sealed class DecodeStageTests
{
    // The filter looks at offset and size again, for those who use it without stages. Here it does not come to that.
    [Theory]
    [MemberData(nameof(BadInputTests.Accesses), MemberType = typeof(BadInputTests))]
    public void An_access_out_of_bounds_is_decided_before_the_filter(int size, int offset, PciOpStatus expected)
    {
        foreach (PciOpCode command in (PciOpCode[])[PciOpCode.ConfigRead, PciOpCode.ConfigWrite])
        {
            using var guest = new TestGuest();
            guest.Page.Frontend.Post(new PciOpRequest { Command = command, Offset = offset, Size = size });
            bool isDecided = false;

            guest.Run(stage => isDecided |= stage == 2 && guest.Operation.IsDecided);

            Assert.Equal(expected != PciOpStatus.Success, isDecided);
        }
    }

    // 6 to 9 are the backend's questions to the frontend, in the other slot.
    [Theory]
    [InlineData(6u)]
    [InlineData(7u)]
    [InlineData(8u)]
    [InlineData(9u)]
    [InlineData(11u)]
    [InlineData(uint.MaxValue)]
    public void A_code_that_is_no_request_is_not_implemented_and_asks_nobody(uint command)
    {
        var interrupts = new TestInterrupts();
        using var guest = new TestGuest(interrupts);

        PciOpRequest answer = guest.Serve(new PciOpRequest { Command = (PciOpCode)command, Size = 4, Value = 0x1234, Info = 2 });

        Assert.Equal((PciOpStatus.NotImplemented, 0x1234u), (answer.Error, answer.Value));
        Assert.Equal((0, 0L), (interrupts.Calls, guest.Counters.Offloaded));
    }
}
