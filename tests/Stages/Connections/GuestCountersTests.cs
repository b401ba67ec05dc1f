using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Connections;

/// <summary>Each answer is counted once as what was asked and once as how it ended.</summary>
public sealed class GuestCountersTests
{
    // Code, the class it belongs to: reads, writes, MSI, MSI-X, unknown.
    [Theory]
    [InlineData(PciOpCode.ConfigRead, 0)]
    [InlineData(PciOpCode.ConfigWrite, 1)]
    [InlineData(PciOpCode.EnableMsi, 2)]
    [InlineData(PciOpCode.DisableMsi, 2)]
    [InlineData(PciOpCode.EnableMultiMsi, 2)]
    [InlineData(PciOpCode.EnableMsix, 3)]
    [InlineData(PciOpCode.DisableMsix, 3)]
    [InlineData(PciOpCode.AerDetected, 4)]
    [InlineData((PciOpCode)11, 4)]
    public void Each_code_belongs_to_one_class(PciOpCode command, int expected)
    {
        using var guest = new TestGuest(new TestInterrupts());

        guest.Serve(new PciOpRequest { Command = command, Size = 4, Value = 1, Info = 1 });

        GuestCounterValues counters = guest.Counters;
        Assert.Equal(
            OneOf(5, expected),
            new[] { counters.ConfigReads, counters.ConfigWrites, counters.MsiOperations, counters.MsixOperations, counters.UnknownOperations });
        Assert.Equal((1L, 1L), (counters.Requests, counters.Answered));
    }

    [Theory]
    [InlineData(PciOpStatus.Success)]
    [InlineData(PciOpStatus.DeviceNotFound)]
    [InlineData(PciOpStatus.InvalidOffset)]
    [InlineData(PciOpStatus.AccessDenied)]
    [InlineData(PciOpStatus.NotImplemented)]
    [InlineData(PciOpStatus.OperationFailed)]
    public void Each_status_has_its_own(PciOpStatus status)
    {
        using var guest = new TestGuest(new TestInterrupts { Answer = new InterruptReply(status, 0) });

        guest.Serve(new PciOpRequest { Command = PciOpCode.EnableMsi });

        GuestCounterValues counters = guest.Counters;
        Assert.Equal(
            OneOf(6, -(int)status),
            new[]
            {
                counters.Success, counters.DeviceNotFound, counters.InvalidOffset, counters.AccessDenied, counters.NotImplemented,
                counters.OperationFailed,
            });
        Assert.Equal((0L, 0L), (counters.ShadowAnswers, counters.HardwareAccesses));
    }

    // Only what a function's memory answered with success is an answer from the shadow.
    [Fact]
    public void What_was_refused_or_read_from_hardware_is_no_answer_from_the_shadow()
    {
        using var guest = new TestGuest();

        guest.Serve(TestGuest.Read(0, 4));
        guest.Serve(TestGuest.Write(0x10, 4, 1));
        guest.Serve(TestGuest.Read(0x80, 4));
        guest.Serve(TestGuest.Read(1, 4));

        Assert.Equal(2, guest.Counters.ShadowAnswers);
    }

    private static long[] OneOf(int count, int index)
    {
        long[] expected = new long[count];
        expected[index] = 1;
        return expected;
    }
}
