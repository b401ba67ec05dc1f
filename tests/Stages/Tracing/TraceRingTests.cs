using System.Runtime.CompilerServices;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Tracing;

public sealed class TraceRingTests
{
    [Fact]
    public void A_record_is_128_bytes_and_has_no_hole_in_it()
    {
        Assert.Equal(TraceRecord.Bytes, Unsafe.SizeOf<TraceRecord>());
    }

    [Fact]
    public void Off_nothing_is_written_and_a_request_that_began_before_leaves_nothing()
    {
        using var guest = new TestGuest();
        guest.Serve(TestGuest.Read(0, 4));
        guest.Page.Frontend.Post(TestGuest.Read(0, 4));
        TraceRing? ring = null;
        guest.Run(stage => ring ??= guest.Trace.Start());

        Assert.False(ring!.TryTake(out _));
        guest.Serve(TestGuest.Read(0, 4));
        Assert.True(ring.TryTake(out _));
        guest.Trace.Stop();
        guest.Serve(TestGuest.Read(0, 4));
        Assert.False(ring.TryTake(out _));
    }

    [Fact]
    public void A_read_says_what_was_asked_what_reached_hardware_and_what_was_answered()
    {
        using var guest = new TestGuest();
        TraceRing ring = guest.Trace.Start();

        PciOpRequest answer = guest.Serve(TestGuest.Read(0x82, 2));

        Assert.True(ring.TryTake(out TraceSlot slot));
        TraceRecord record = slot.Record;
        Assert.Equal((3, 0UL, 7, 0u, 0x82, 2), (record.Shard, record.Sequence, record.Domain, record.Operation, record.Offset, record.Size));
        Assert.Equal((0, answer.Value), ((int)record.Status, record.AnswerValue));
        Assert.Equal((0xDEADBEEFu, 0u), (record.Value, record.DeniedBits));
        Assert.True(record.Is(TraceRecord.HasFunction));
        Assert.Equal((0u, 3, 0), (record.HostSegment, record.HostBus, record.HostDevfn));
        Assert.Equal((1, 0), (record.Reads, record.Writes));
        Assert.Equal(new TraceAccess(false, 0x82, 2, answer.Value), TraceAccess.Unpack(record.Accesses[0]));
        Assert.Same(guest.Function.Map, slot.Permissions);
        Assert.True(record.Total >= record.Before + record.Execute, $"{record.Total} {record.Before} {record.Execute}");
        Assert.True(record.Time > 0);
    }

    [Fact]
    public void Each_record_has_the_accesses_of_its_own_request()
    {
        using var guest = new TestGuest();
        TraceRing ring = guest.Trace.Start();
        for (int i = 0; i < 3; i++)
        {
            guest.Serve(TestGuest.Read(0x80 + (4 * i), 4));

            Assert.True(ring.TryTake(out TraceSlot slot));
            Assert.Equal((1, 0), (slot.Record.Reads, slot.Record.Writes));
            Assert.Equal(0x80 + (4 * i), TraceAccess.Unpack(slot.Record.Accesses[0]).Offset);
        }
    }

    [Fact]
    public void What_memory_answers_reached_no_hardware_also_after_a_request_that_did()
    {
        using var guest = new TestGuest();
        TraceRing ring = guest.Trace.Start();
        guest.Serve(TestGuest.Read(0x80, 4));
        guest.Serve(TestGuest.Read(0, 4));

        ring.TryTake(out _);
        Assert.True(ring.TryTake(out TraceSlot slot));

        Assert.Equal((0, 0, 0u, 0u), (slot.Record.Reads, slot.Record.Writes, slot.Record.Before, slot.Record.Execute));
        Assert.Equal(TestFunction.Identity, slot.Record.AnswerValue);
    }

    [Fact]
    public void A_write_says_what_was_denied_and_what_was_written()
    {
        using var guest = new TestGuest();
        TraceRing ring = guest.Trace.Start();
        guest.Serve(TestGuest.Read(0x44, 4));
        uint before = guest.Hardware.Peek(0x44);
        guest.Serve(TestGuest.Write(0x44, 4, before ^ 0x1_0010));

        ring.TryTake(out _);
        Assert.True(ring.TryTake(out TraceSlot slot));

        Assert.Equal((0x1_0000u, true), (slot.Record.DeniedBits, slot.Record.IsDenied));
        Assert.Equal(1, slot.Record.Writes);
        var written = TraceAccess.Unpack(slot.Record.Accesses[slot.Record.Reads]);
        Assert.Equal((true, 0x44, (before ^ 0x10) & 0xFFFF), (written.IsWrite, written.Offset, written.Value & 0xFFFF));
    }

    [Fact]
    public void Requests_that_no_function_answers_are_traced_with_the_guests_own_words()
    {
        using var guest = new TestGuest();
        TraceRing ring = guest.Trace.Start();
        guest.Serve(new() { Command = (PciOpCode)99, Domain = 0xFFFF_FFFF, Bus = 0x8000_0000, Devfn = 0x7FFF_FFFF, Offset = int.MinValue, Size = -1 });
        guest.Serve(TestGuest.Read(4096, 4));

        Assert.True(ring.TryTake(out TraceSlot slot));
        TraceRecord record = slot.Record;
        Assert.Equal((99u, 0xFFFF_FFFFu, 0x8000_0000u, 0x7FFF_FFFFu), (record.Operation, record.GuestSegment, record.GuestBus, record.GuestDevfn));
        Assert.Equal((int.MinValue, -1, -1), (record.Offset, record.Size, record.Status));
        Assert.False(record.Is(TraceRecord.HasFunction));
        Assert.Null(slot.Permissions);
        Assert.True(ring.TryTake(out slot));
        Assert.Equal(((int)PciOpStatus.InvalidOffset, false), (slot.Record.Status, slot.Record.IsDenied));
    }

    [Fact]
    public void An_answer_that_is_dropped_is_traced_as_such()
    {
        using var guest = new TestGuest();
        TraceRing ring = guest.Trace.Start();
        guest.Page.Frontend.Post(TestGuest.Read(0x80, 4));
        guest.Run(stage =>
        {
            if (stage == 4)
            {
                Assert.True(guest.Page.Frontend.GiveUp());
            }
        });

        Assert.True(ring.TryTake(out TraceSlot slot));
        Assert.True(slot.Record.Is(TraceRecord.Late));
        Assert.False(ring.TryTake(out _));
    }

    [Fact]
    public void A_full_ring_only_counts_and_the_numbers_show_where()
    {
        using var guest = new TestGuest();
        TraceRing ring = guest.Trace.Start(capacity: 4);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(PciOpStatus.Success, guest.Serve(TestGuest.Read(0, 4)).Error);
        }

        Assert.Equal(6, ring.Dropped);
        List<ulong> numbers = [];
        while (ring.TryTake(out TraceSlot slot))
        {
            numbers.Add(slot.Record.Sequence);
        }

        guest.Serve(TestGuest.Read(0, 4));
        ring.TryTake(out TraceSlot last);
        Assert.Equal([0, 1, 2, 3], numbers);
        Assert.Equal(10UL, last.Record.Sequence);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tracing_allocates_nothing_whether_anybody_reads_or_not(bool isRead)
    {
        using var guest = new TestGuest();
        TraceRing ring = guest.Trace.Start(capacity: 16);
        PciOpRequest[] requests =
            [TestGuest.Read(0, 4), TestGuest.Read(0x80, 4), TestGuest.Write(0x44, 4, 3), TestGuest.Write(0x48, 1, 4), new() { Command = (PciOpCode)99 }];
        Serve(guest, requests, 200, isRead ? ring : null);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Serve(guest, requests, 1000, isRead ? ring : null);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(isRead, ring.Dropped == 0);
    }

    [Fact]
    public void One_thread_writes_while_another_reads_and_nothing_is_lost_twice_or_torn()
    {
        const int Count = 300_000;
        TraceRing ring = new(64);
        var writer = new Thread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                ref TraceSlot slot = ref ring.Next(out ulong number);
                if (!Unsafe.IsNullRef(ref slot))
                {
                    slot.Record.Sequence = number;
                    slot.Record.Offset = (int)number;
                    slot.Record.Accesses[3] = number;
                    ring.Publish();
                }
            }
        });
        writer.Start();
        long taken = 0;
        long last = -1;
        while (writer.IsAlive || taken + ring.Dropped < Count)
        {
            if (ring.TryTake(out TraceSlot slot))
            {
                Assert.True((long)slot.Record.Sequence > last);
                last = (long)slot.Record.Sequence;
                Assert.Equal(((int)last, (ulong)last), (slot.Record.Offset, slot.Record.Accesses[3]));
                taken++;
            }
        }

        Assert.Equal(Count, taken + ring.Dropped);
    }

    private static void Serve(TestGuest guest, PciOpRequest[] requests, int rounds, TraceRing? ring)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < requests.Length; i++)
            {
                guest.Page.Frontend.Post(requests[i]);
                guest.Run();
                ring?.TryTake(out _);
            }
        }
    }
}
