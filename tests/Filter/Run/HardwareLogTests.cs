using PciBackFlow.Filter.Run;

namespace PciBackFlow.Filter.Tests.Run;

public sealed class HardwareLogTests
{
    [Fact]
    public void The_first_accesses_are_kept_in_order_and_all_are_counted()
    {
        HardwareLog log = default;
        for (int request = 0; request < 2; request++)
        {
            log.Clear();
            log.Read(0x10, 1, 1);
            log.Write(0x20, 2, 2);
            log.Write(0x30, 4, 3);
            log.Read(0xFFC, 4, 4);
            log.Read(0x40, 4, 5);
            log.Write(0x44, 4, 6);

            Assert.Equal((3, 3), (log.Reads, log.Writes));
            Assert.Equal((0x10, 1, false, 1u), Of(log.First[0]));
            Assert.Equal((0x20, 2, true, 2u), Of(log.First[1]));
            Assert.Equal((0x30, 4, true, 3u), Of(log.First[2]));
            Assert.Equal((0xFFC, 4, false, 4u), Of(log.First[3]));
        }
    }

    private static (int Offset, int Size, bool IsWrite, uint Value) Of(HardwareLog.Access access) =>
        (access.Offset, access.Size, access.IsWrite, access.Value);
}
