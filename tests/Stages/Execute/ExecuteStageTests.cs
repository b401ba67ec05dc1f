using PciBackFlow.Filter.Map;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Execute;

/// <summary>Steps on the function and interrupt operations: what is counted of them, and what is not even asked.</summary>
public sealed class ExecuteStageTests
{
    private const int Own = 0x60;

    [Fact]
    public void Every_access_of_each_request_is_counted_reads_and_writes_alike()
    {
        using var guest = new TestGuest();

        guest.Serve(TestGuest.Read(0x80, 4));
        Assert.Equal(1, guest.Counters.HardwareAccesses);
        guest.Serve(TestGuest.Write(0x40, 4, 1));
        Assert.Equal(2, guest.Counters.HardwareAccesses);

        // A part of a register is open: it is read, and written back with the rest as it was.
        guest.Serve(TestGuest.Write(0x44, 4, 1));
        Assert.Equal(4, guest.Counters.HardwareAccesses);
        guest.Serve(TestGuest.Read(0x84, 4));
        Assert.Equal((5L, 5), (guest.Counters.HardwareAccesses, guest.Hardware.Accesses));
    }

    [Fact]
    public void A_value_that_the_registers_own_rule_refuses_is_denied_in_all_that_was_written()
    {
        using var guest = new TestGuest(
            change: static dwords => dwords[Own / 4] = new ConfigDword { Writable = 0xFFFF, EffectMask = 0xFFFF, Effect = PlanAction.MsiControl });
        TraceRing ring = guest.Trace.Start();

        PciOpRequest answer = guest.Serve(TestGuest.Write(Own, 2, guest.Hardware.Peek(Own) ^ 1));

        Assert.Equal(PciOpStatus.AccessDenied, answer.Error);
        Assert.Equal((0xFFFFu, 1L), (guest.Operation.DeniedBits, guest.Counters.DeniedWrites));
        Assert.True(ring.TryTake(out TraceSlot slot));
        Assert.Equal((0u, true, (byte)PlanAction.MsiControl), (slot.Record.DeniedBits, slot.Record.Is(TraceRecord.Refused), slot.Record.Effect));
    }

    [Fact]
    public void Messages_of_which_none_is_wanted_are_not_asked_for()
    {
        var interrupts = new TestInterrupts();
        using var guest = new TestGuest(interrupts);

        PciOpRequest answer = guest.Serve(new PciOpRequest { Command = PciOpCode.EnableMultiMsi, Value = 7, Info = 0 });

        Assert.Equal((PciOpStatus.OperationFailed, 0u, 0), (answer.Error, answer.Value, interrupts.Calls));
    }

    // A worker comes to it later, when its guest may have lost them.
    [Fact]
    public void Interrupt_operations_that_are_withdrawn_meanwhile_are_not_asked()
    {
        var interrupts = new TestInterrupts();
        using var guest = new TestGuest(interrupts);
        guest.Page.Frontend.Post(new PciOpRequest { Command = PciOpCode.EnableMsi, Value = 7 });

        guest.Run(stage => guest.Connection.Interrupts = stage == 3 ? null : guest.Connection.Interrupts);

        guest.Page.Frontend.ReadAnswer(out PciOpRequest answer);
        Assert.Equal((PciOpStatus.NotImplemented, 7u, 0), (answer.Error, answer.Value, interrupts.Calls));
    }

    [Fact]
    public void An_interrupt_request_is_traced_with_its_time_and_without_accesses()
    {
        using var guest = new TestGuest(new TestInterrupts());
        TraceRing ring = guest.Trace.Start();
        guest.Serve(TestGuest.Read(0x80, 4));
        Assert.True(ring.TryTake(out _));

        guest.Serve(new PciOpRequest { Command = PciOpCode.EnableMsi });

        Assert.True(ring.TryTake(out TraceSlot slot));
        TraceRecord record = slot.Record;
        Assert.Equal((0, 0, true, false), (record.Reads, record.Writes, record.Is(TraceRecord.Offloaded), record.Is(TraceRecord.Slow)));
        Assert.True(record.Before > 0 && record.Execute > 0, $"{record.Before} {record.Execute}");
        Assert.True(record.Total >= record.Before + record.Execute, $"{record.Total} {record.Before} {record.Execute}");
    }
}
