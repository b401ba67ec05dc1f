using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests;

public sealed class AllocationTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Reads_and_writes_allocate_nothing_in_any_stage_with_and_without_a_channel_to_signal_on(bool hasChannel)
    {
        using var guest = new TestGuest { HasChannel = hasChannel };
        PciOpRequest[] requests =
        [
            TestGuest.Read(0, 4), TestGuest.Read(0x80, 4), TestGuest.Read(0x82, 2), TestGuest.Write(0x10, 4, 1), TestGuest.Write(0x40, 4, 2),
            TestGuest.Write(0x44, 4, 3), TestGuest.Write(0x48, 1, 4), TestGuest.Read(-1, 4), TestGuest.Read(4096, 4), new() { Devfn = 77 },
            new() { Domain = 1, Bus = 5 }, new() { Command = (PciOpCode)99 },
        ];
        Serve(guest, requests, 200);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Serve(guest, requests, 1000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal(1200 * requests.Length, guest.Notifications);
    }

    /// <summary>Their own part alone: what enables messages for real makes objects, and is no stage.</summary>
    [Fact]
    public void A_million_operations_that_set_messages_up_allocate_nothing_in_any_stage()
    {
        const int Rounds = 200_000;
        TestInterrupts interrupts = new();
        using var guest = new TestGuest(interrupts);
        PciOpRequest[] requests =
        [
            new() { Command = PciOpCode.EnableMsi }, new() { Command = PciOpCode.DisableMsi }, new() { Command = PciOpCode.EnableMsix, Value = 1 },
            new() { Command = PciOpCode.DisableMsix }, new() { Command = PciOpCode.EnableMultiMsi, Info = 2 },
        ];
        Serve(guest, requests, 200);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Serve(guest, requests, Rounds);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal((Rounds + 200) * requests.Length, interrupts.Calls);
    }

    private static void Serve(TestGuest guest, PciOpRequest[] requests, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < requests.Length; i++)
            {
                guest.Page.Frontend.Post(requests[i]);
                guest.Run();
            }
        }
    }
}
