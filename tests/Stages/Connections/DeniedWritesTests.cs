using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Connections;

public sealed class DeniedWritesTests
{
    // XSA-43: a guest must not be able to fill the host's log; nor to slow its shard down.
    [Fact]
    public void A_million_denied_writes_to_one_register_are_noted_once_and_allocate_nothing()
    {
        using var guest = new TestGuest();
        PciOpRequest denied = TestGuest.Write(0x80, 4, 0x12345678);
        for (int i = 0; i < 100; i++)
        {
            Serve(guest, denied with { Offset = 0x84 });
        }

        Assert.Equal(0x84, TakeOne(guest).Offset);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000_000; i++)
        {
            Serve(guest, denied);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal(1_000_100, guest.Counters.DeniedWrites);
        DeniedWrite noted = TakeOne(guest);
        Assert.Equal((0x80, 4, 0x12345678u), (noted.Offset, noted.Size, noted.Value));
        Assert.Same(guest.Function, noted.Function);
        Assert.NotEqual(0u, noted.DeniedBits);
    }

    [Fact]
    public void What_finds_no_room_is_noted_when_the_guest_repeats_it()
    {
        using var guest = new TestGuest();
        List<int> noted = [];
        for (int round = 0; round < 3; round++)
        {
            for (int offset = 0x80; offset < 0x100; offset += 4)
            {
                Serve(guest, TestGuest.Write(offset, 4, 0xA5A5A5A5));
            }

            int before = noted.Count;
            while (guest.Connection.DeniedWrites.TryTake(out DeniedWrite write))
            {
                noted.Add(write.Offset);
            }

            Assert.InRange(noted.Count - before, 0, DeniedWrites.Capacity);
        }

        Assert.Equal(Enumerable.Range(0, 32).Select(i => 0x80 + (4 * i)), noted);
    }

    [Fact]
    public void Reads_allowed_writes_and_writes_that_change_nothing_are_not_noted()
    {
        using var guest = new TestGuest();
        Serve(guest, TestGuest.Read(0x80, 4));
        Serve(guest, TestGuest.Write(0x40, 4, 0xFFFFFFFF));
        Serve(guest, TestGuest.Write(0, 4, TestFunction.Identity));
        Serve(guest, TestGuest.Write(-4, 4, 1));
        Serve(guest, TestGuest.Write(0x81, 4, 1));
        Assert.False(guest.Connection.DeniedWrites.TryTake(out _));

        Serve(guest, TestGuest.Write(0x82, 1, 0xFFFFFF5A));
        Assert.Equal((0x82, 1, 0x5Au), (TakeOne(guest) is var one ? (one.Offset, one.Size, one.Value) : default));
    }

    [Fact]
    public void A_released_function_is_noted_afresh()
    {
        using var guest = new TestGuest();
        for (int life = 0; life < 3; life++)
        {
            Serve(guest, TestGuest.Write(0x80, 4, 0xA5A5A5A5));
            TakeOne(guest);
            guest.Function.Release();
        }
    }

    // One thread notes while another takes: what arrives is whole and in order.
    [Fact]
    public void Carrier_and_taker_may_be_different_threads()
    {
        const int Rounds = 20_000;
        using var guest = new TestGuest();
        DeniedWrites ring = guest.Connection.DeniedWrites;
        long wrong = 0;
        long taken = 0;
        bool done = false;
        var taker = new Thread(() =>
        {
            uint last = 0;
            while (true)
            {
                bool ended = Volatile.Read(ref done);
                while (ring.TryTake(out DeniedWrite write))
                {
                    taken++;
                    if (write.Function is null || write.Value <= last || write.DeniedBits != (uint)write.Offset)
                    {
                        wrong++;
                    }

                    last = write.Value;
                }

                if (ended)
                {
                    return;
                }

                Thread.Yield();
            }
        });
        taker.Start();
        for (uint i = 1; i <= Rounds; i++)
        {
            int offset = (int)(0x80 + (i % 32 * 4));
            ring.Note(guest.Function, offset, 4, i, (uint)offset);
            if (i % 32 == 0)
            {
                guest.Function.Release();
            }
        }

        Volatile.Write(ref done, true);
        taker.Join();
        Assert.Equal(0, wrong);
        Assert.InRange(taken, DeniedWrites.Capacity, Rounds);
    }

    private static DeniedWrite TakeOne(TestGuest guest)
    {
        Assert.True(guest.Connection.DeniedWrites.TryTake(out DeniedWrite noted));
        Assert.False(guest.Connection.DeniedWrites.TryTake(out _));
        return noted;
    }

    private static void Serve(TestGuest guest, in PciOpRequest request)
    {
        guest.Page.Frontend.Post(request);
        guest.Run();
    }
}
