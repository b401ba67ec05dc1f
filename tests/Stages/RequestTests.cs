using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests;

/// <summary>One request through all six stages.</summary>
public sealed class RequestTests
{
    [Fact]
    public void A_register_in_the_shadow_is_answered_without_hardware()
    {
        using var guest = new TestGuest();

        PciOpRequest answer = guest.Serve(TestGuest.Read(0, 4));

        Assert.Equal((PciOpStatus.Success, TestFunction.Identity), (answer.Error, answer.Value));
        Assert.Equal((0, 1), (guest.Hardware.Accesses, guest.Counters.ShadowAnswers));
        Assert.Equal(0u, guest.Page.Word(0));
        Assert.Equal(1, guest.Notifications);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 3)]
    public void An_answer_whose_signal_cannot_be_sent_stands_in_the_page_and_is_counted(bool hasChannel, int failures)
    {
        using var guest = new TestGuest { HasChannel = hasChannel };

        for (int i = 0; i < 3; i++)
        {
            PciOpRequest answer = guest.Serve(TestGuest.Read(0, 4));
            Assert.Equal((PciOpStatus.Success, TestFunction.Identity), (answer.Error, answer.Value));
        }

        Assert.Equal((3, 3L, failures), (guest.Notifications, guest.Counters.Answered, guest.Counters.NotifyFailures));
    }

    [Theory]
    [InlineData(0x80, 1, 0x81u)]
    [InlineData(0x82, 2, 0x908Bu)]
    [InlineData(0x80, 4, 0x908B8681u)]
    [InlineData(0x83, 1, 0x90u)]
    public void A_read_of_hardware_gives_exactly_its_bytes(int offset, int size, uint expected)
    {
        using var guest = new TestGuest();

        Assert.Equal(expected, guest.Serve(TestGuest.Read(offset, size)).Value);

        Assert.Equal(1, guest.Counters.HardwareAccesses);
    }

    [Theory]
    [InlineData(1, 0xFFu)]
    [InlineData(2, 0xFFFFu)]
    [InlineData(4, 0xFFFFFFFFu)]
    public void A_read_that_hardware_refuses_fails_with_all_ones(int size, uint ones)
    {
        using var guest = new TestGuest();
        guest.Hardware.Fails = true;

        PciOpRequest answer = guest.Serve(TestGuest.Read(0x80, size));

        Assert.Equal((PciOpStatus.OperationFailed, ones), (answer.Error, answer.Value));
        Assert.Equal(1, guest.Counters.OperationFailed);
    }

    [Fact]
    public void A_write_that_hardware_refuses_fails()
    {
        using var guest = new TestGuest();
        guest.Hardware.Fails = true;

        Assert.Equal(PciOpStatus.OperationFailed, guest.Serve(TestGuest.Write(0x40, 4, 1)).Error);
    }

    [Fact]
    public void Writes_reach_hardware_only_in_open_bits()
    {
        using var guest = new TestGuest();
        uint before = guest.Hardware.Peek(0x44);

        guest.Serve(TestGuest.Write(0x40, 4, 0x12345678));
        guest.Serve(TestGuest.Write(0x44, 4, 0));
        guest.Serve(TestGuest.Write(0x48, 4, 0));

        Assert.Equal(0x12345678u, guest.Hardware.Peek(0x40));
        Assert.Equal(before & ~0xFFF0u, guest.Hardware.Peek(0x44));
        Assert.NotEqual(0u, guest.Hardware.Peek(0x48));
        Assert.Equal(2, guest.Counters.DeniedWrites);
        Assert.Equal(3, guest.Counters.Success);
    }

    [Fact]
    public void A_virtual_register_remembers_what_was_written()
    {
        using var guest = new TestGuest();

        guest.Serve(TestGuest.Write(0x12, 2, 0xCAFE));

        Assert.Equal(0xCAFE0000, guest.Serve(TestGuest.Read(0x10, 4)).Value);
        Assert.Equal(0, guest.Hardware.Accesses);
    }

    [Fact]
    public void A_removed_function_is_not_found()
    {
        using var guest = new TestGuest();
        guest.Serve(TestGuest.Read(0x80, 4));

        guest.Connection.Functions = guest.Connection.Functions.Without(new PciAddress(0, 0, 0, 0));

        Assert.Equal(PciOpStatus.DeviceNotFound, guest.Serve(TestGuest.Read(0x80, 4)).Error);
    }

    [Fact]
    public void A_function_another_thread_is_still_inside_fails_at_once()
    {
        using var guest = new TestGuest();
        Assert.True(guest.Function.TryBegin());

        Assert.Equal(PciOpStatus.OperationFailed, guest.Serve(TestGuest.Read(0x80, 4)).Error);
        Assert.Equal(0, guest.Hardware.Accesses);
        guest.Function.End();
        Assert.Equal(PciOpStatus.Success, guest.Serve(TestGuest.Read(0x80, 4)).Error);
    }

    // Code, status, value, info in the answer. Origin: Linux xen-pciback pciback_ops.c, XenLinux for multi-MSI.
    [Theory]
    [InlineData(PciOpCode.EnableMsi, 55u, 9u)]
    [InlineData(PciOpCode.DisableMsi, 16u, 9u)]
    [InlineData(PciOpCode.DisableMsix, 17u, 9u)]
    [InlineData(PciOpCode.EnableMultiMsi, 60u, 9u)]
    public void An_interrupt_operation_answers_with_its_pirq(PciOpCode command, uint value, uint info)
    {
        using var guest = new TestGuest(new TestInterrupts());

        PciOpRequest answer = guest.Serve(new PciOpRequest { Command = command, Info = 9 });

        Assert.Equal((PciOpStatus.Success, value, info), (answer.Error, answer.Value, answer.Info));
        Assert.Equal(1, guest.Counters.Offloaded);
    }

    // A hypervisor may have fewer than were asked for; XenLinux's frontend takes the number from the answer.
    [Fact]
    public void As_many_messages_as_were_given_are_told_not_as_many_as_were_asked_for()
    {
        using var guest = new TestGuest(new TestInterrupts { Answer = new InterruptReply(PciOpStatus.Success, 60, Info: 4, Ticket: 3) });

        PciOpRequest answer = guest.Serve(new PciOpRequest { Command = PciOpCode.EnableMultiMsi, Info = 9 });

        Assert.Equal((PciOpStatus.Success, 60u, 4u), (answer.Error, answer.Value, answer.Info));
    }

    [Fact]
    public void Each_MSI_X_entry_is_answered_with_its_own_vector_and_no_entry_beyond()
    {
        using var guest = new TestGuest(new TestInterrupts());
        guest.Page.Frontend.Post(
            new PciOpRequest { Command = PciOpCode.EnableMsix, Value = 2 },
            [new MsixEntry { Entry = 1 }, new MsixEntry { Entry = 7 }, new MsixEntry { Entry = 9 }]);

        guest.Run();

        uint[] entries = [.. Enumerable.Range(0, 3).Select(i => guest.Page.Word(SharedInfoLayout.MsixEntries + (4 * i)))];
        Assert.Equal([0x000100C8u, 0x000700C9u, 0x00090000u], entries);
    }

    // The next daemon keeps messages that the guest was told of, and takes back the others: it is noted before the answer.
    [Theory]
    [InlineData(PciOpCode.EnableMsi, false, true)]
    [InlineData(PciOpCode.EnableMsix, false, true)]
    [InlineData(PciOpCode.EnableMultiMsi, false, true)]
    [InlineData(PciOpCode.DisableMsi, true, false)]
    [InlineData(PciOpCode.DisableMsix, true, false)]
    [InlineData(PciOpCode.ConfigRead, true, true)]
    [InlineData(PciOpCode.ConfigRead, false, false)]
    public void Whether_the_guest_was_told_of_messages_is_kept_with_its_registers(PciOpCode command, bool before, bool after)
    {
        using var guest = new TestGuest(new TestInterrupts());
        guest.Function.Registers.KnowsMessages = before;

        guest.Serve(new PciOpRequest { Command = command, Size = 4, Value = 1, Info = 2 });

        Assert.Equal(after, guest.Function.Registers.KnowsMessages);
    }

    [Theory]
    [InlineData(PciOpCode.EnableMsi, false)]
    [InlineData(PciOpCode.EnableMsix, false)]
    [InlineData(PciOpCode.DisableMsi, true)]
    [InlineData(PciOpCode.DisableMsix, true)]
    public void An_interrupt_request_that_fails_changes_nothing_of_what_the_guest_was_told(PciOpCode command, bool knows)
    {
        using var guest = new TestGuest(new TestInterrupts { Answer = InterruptReply.Failed(Errno.ENOSPC) });
        guest.Function.Registers.KnowsMessages = knows;

        guest.Serve(new PciOpRequest { Command = command, Value = 1 });

        Assert.Equal(knows, guest.Function.Registers.KnowsMessages);
    }

    // Linux's frontend gives up after two seconds and posts its next request over the one that was under way.
    [Fact]
    public void An_answer_that_comes_too_late_is_dropped_and_the_request_that_followed_is_served()
    {
        using var guest = new TestGuest();
        guest.Page.Frontend.Post(TestGuest.Read(0x80, 4));

        StageFlow flow = guest.Run(stage =>
        {
            if (stage == 4)
            {
                guest.Page.Frontend.Post(TestGuest.Read(0x80, 2));
            }
        });

        Assert.Equal((StageFlow.Idle, 0, 1L, 0L), (flow, guest.Notifications, guest.Counters.LateReplies, guest.Counters.Answered));
        Assert.Equal(1u, guest.Page.Word(0));
        guest.Run();
        guest.Page.Frontend.ReadAnswer(out PciOpRequest answer);
        Assert.Equal((PciOpStatus.Success, 0x8681u), (answer.Error, answer.Value));
        Assert.Equal(0u, guest.Page.Word(0));
    }

    [Theory]
    [InlineData(PciOpCode.EnableMsi)]
    [InlineData(PciOpCode.DisableMsi)]
    [InlineData(PciOpCode.EnableMsix)]
    [InlineData(PciOpCode.DisableMsix)]
    [InlineData(PciOpCode.EnableMultiMsi)]
    public void Without_interrupt_operations_such_requests_are_not_implemented_and_keep_no_worker_busy(PciOpCode command)
    {
        using var guest = new TestGuest();

        Assert.Equal(PciOpStatus.NotImplemented, guest.Serve(new PciOpRequest { Command = command, Value = 1, Info = 2 }).Error);

        Assert.Equal(0, guest.Counters.Offloaded);
    }

    [Fact]
    public void Duplicate_MSI_X_entries_are_refused_with_EINVAL()
    {
        var interrupts = new TestInterrupts();
        using var guest = new TestGuest(interrupts);
        guest.Page.Frontend.Post(
            new PciOpRequest { Command = PciOpCode.EnableMsix, Value = 3 },
            [new MsixEntry { Entry = 1 }, new MsixEntry { Entry = 2 }, new MsixEntry { Entry = 1 }]);

        guest.Run();

        guest.Page.Frontend.ReadAnswer(out PciOpRequest answer);
        Assert.Equal((PciOpStatus.OperationFailed, unchecked((uint)-22), 0), (answer.Error, answer.Value, interrupts.Calls));
    }

    [Fact]
    public void A_failed_MSI_X_request_leaves_the_vectors_as_they_were()
    {
        var interrupts = new TestInterrupts { Answer = InterruptReply.Failed(Errno.ENOSPC) };
        using var guest = new TestGuest(interrupts);
        guest.Page.Frontend.Post(
            new PciOpRequest { Command = PciOpCode.EnableMsix, Value = 1 }, [new MsixEntry { Entry = 5, Vector = 0xFFFF }]);

        guest.Run();

        guest.Page.Frontend.ReadAnswer(out PciOpRequest answer);
        Assert.Equal((PciOpStatus.OperationFailed, unchecked((uint)-28)), (answer.Error, answer.Value));
        Assert.Equal(0x0005FFFFu, guest.Page.Word(SharedInfoLayout.MsixEntries));
    }

    // A daemon that is killed in the midst of an answer leaves a request that the next one can carry out: with its count.
    [Fact]
    public void An_MSI_X_request_is_as_it_was_asked_until_all_vectors_are_written()
    {
        using var guest = new TestGuest(new TestInterrupts());
        guest.Page.Frontend.Post(new PciOpRequest { Command = PciOpCode.EnableMsix, Value = 1 }, [new MsixEntry { Entry = 5 }]);

        // There is no entry behind the last one: the answer breaks off there.
        Assert.ThrowsAny<Exception>(() => guest.Run(stage =>
        {
            if (stage == 4)
            {
                guest.Operation.VectorCount = SharedInfoLayout.MaxVectors + 1;
            }
        }));

        Assert.Equal((1u, 1u), (guest.Page.Word(0), guest.Page.Word(SharedInfoLayout.Value)));
        Assert.Equal(0x000500C8u, guest.Page.Word(SharedInfoLayout.MsixEntries));
    }

    // Request, bytes that may differ afterwards. XSA-403: nothing else in a shared page is the backend's to write.
    public static TheoryData<PciOpCode, int[]> OwnBytes => new()
    {
        { PciOpCode.ConfigRead, [0, 8, 9, 10, 11, 32, 33, 34, 35] },
        { PciOpCode.ConfigWrite, [0, 8, 9, 10, 11, 32, 33, 34, 35] },
        { PciOpCode.EnableMsi, [0, 8, 9, 10, 11, 32, 33, 34, 35] },
        { PciOpCode.DisableMsi, [0, 8, 9, 10, 11, 32, 33, 34, 35] },
        { PciOpCode.EnableMsix, [0, 8, 9, 10, 11, 32, 33, 34, 35, 40, 41, 44, 45] },
        { PciOpCode.DisableMsix, [0, 8, 9, 10, 11, 32, 33, 34, 35] },
        { PciOpCode.EnableMultiMsi, [0, 8, 9, 10, 11, 32, 33, 34, 35, 36, 37, 38, 39] },
        { PciOpCode.AerDetected, [0, 8, 9, 10, 11, 32, 33, 34, 35] },
    };

    [Theory]
    [MemberData(nameof(OwnBytes))]
    public void Only_the_bytes_of_the_answer_ever_change(PciOpCode command, int[] allowed)
    {
        using var guest = new TestGuest(new TestInterrupts());
        guest.Page.Bytes.Fill(0x5A);
        guest.Page.Frontend.Write(new PciOpRequest
        {
            Command = command,
            Error = (PciOpStatus)0x5A5A5A5A,
            Offset = 0x80,
            Size = 4,
            Value = command == PciOpCode.EnableMsix ? 2u : 0x5A5A5A5A,
            Info = 0x5A5A5A5A,
        });
        guest.Page.Bytes[SharedInfoLayout.MsixEntries + 2] = 0x11;
        guest.Page.Backend.SetFlags(SharedFlags.Active);
        byte[] before = guest.Page.Bytes.ToArray();

        guest.Run();

        Assert.Equal(1, guest.Notifications);
        Assert.Empty(guest.Page.ChangedBytes(before).Except(allowed));
        Assert.Equal(0x5A5A5A5Au & ~1u, guest.Page.Word(0));
    }
}
