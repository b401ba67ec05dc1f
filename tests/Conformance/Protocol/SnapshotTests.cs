using PciBackFlow.Stages.Tests;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.Protocol;

/// <summary>What a hostile frontend can do to its own page: C2, C7, C8, C9.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public void C2_flag_changes_of_both_sides_never_lose_the_others_bits()
    {
        using var guest = new TestGuest();
        const SharedFlags Others = (SharedFlags)0xFFFFFFF8;
        guest.Page.Backend.SetFlags(Others);
        bool stop = false;
        int lost = 0;
        long flips = 0;
        var flipper = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                lost += (guest.Page.Backend.SetFlags(SharedFlags.AerHandler) & SharedFlags.AerHandler) != 0 ? 1 : 0;
                lost += (guest.Page.Backend.ClearFlags(SharedFlags.AerHandler) & SharedFlags.AerHandler) == 0 ? 1 : 0;
                Volatile.Write(ref flips, flips + 1);
            }
        });
        flipper.Start();
        int served = 0;
        while (served < 200_000 || Volatile.Read(ref flips) < 10_000)
        {
            guest.Page.Frontend.Post(TestGuest.Read(0, 4));
            guest.Run();
            lost += guest.Page.Frontend.IsAnswered ? 0 : 1;
            served++;
        }

        Volatile.Write(ref stop, true);
        flipper.Join();

        Assert.Equal(0, lost);
        Assert.Equal(Others, guest.Page.Backend.ReadFlags());
        Assert.Equal(served, guest.Notifications);
    }

    // Before which stages the request is another one in the page; it is put back before the late check.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void C7_a_request_changed_after_the_snapshot_is_served_as_it_was(int stage)
    {
        using var guest = new TestGuest();
        PciOpRequest request = TestGuest.Write(0x40, 4, 0x11223344);
        guest.Page.Frontend.Post(request);
        uint neighbour = guest.Hardware.Peek(0x44);

        guest.Run(next =>
        {
            if (next == stage)
            {
                guest.Page.Frontend.Write(new PciOpRequest { Command = (PciOpCode)0xFFFFFFFF, Offset = 0x44, Size = 77, Devfn = 9, Bus = 3, Value = 5 });
            }
            else if (next == 4)
            {
                guest.Page.Frontend.Write(request);
            }
        });

        guest.Page.Frontend.ReadAnswer(out PciOpRequest answer);
        Assert.Equal(PciOpStatus.Success, answer.Error);
        Assert.Equal(0x11223344u, guest.Hardware.Peek(0x40));
        Assert.Equal(neighbour, guest.Hardware.Peek(0x44));
    }

    [Fact]
    public void C7_MSI_X_entries_and_count_are_those_of_the_snapshot()
    {
        using var guest = new TestGuest(new TestInterrupts());
        var request = new PciOpRequest { Command = PciOpCode.EnableMsix, Value = 2 };
        MsixEntry[] entries = [new() { Entry = 3, Vector = 0xFFFF }, new() { Entry = 4, Vector = 0xFFFF }, new() { Entry = 5, Vector = 0xFFFF }];
        guest.Page.Frontend.Post(request, entries);

        guest.Run(next =>
        {
            if (next > 4)
            {
                return;
            }

            // A count of 65,536 and equal entries after the check: neither overruns nor duplicates (XSA-155, XSA-157).
            PciOpRequest changed = request;
            changed.Value = next < 4 ? 0x10000u : 2u;
            guest.Page.Frontend.Write(changed);
            guest.Page.Bytes.Slice(SharedInfoLayout.MsixEntries, 12).Fill(0x77);
        });

        guest.Page.Frontend.ReadAnswer(out PciOpRequest answer);
        Assert.Equal(PciOpStatus.Success, answer.Error);
        Assert.Equal((0x777700C8u, 0x777700C9u, 0x77777777u), (guest.Page.Word(40), guest.Page.Word(44), guest.Page.Word(48)));
    }

    // Every field that tells two requests apart. What a write or an MSI-X request differs in by its value, a read does not.
    public static TheoryData<PciOpRequest, PciOpRequest, bool> Replacements => new()
    {
        { TestGuest.Read(0x80, 4), TestGuest.Read(0x84, 4), false },
        { TestGuest.Read(0x80, 4), TestGuest.Read(0x80, 2), false },
        { TestGuest.Read(0x80, 4), TestGuest.Write(0x80, 4, 0xDEADBEEF), false },
        { TestGuest.Read(0x80, 4), TestGuest.Read(0x80, 4) with { Devfn = 1 }, false },
        { TestGuest.Read(0x80, 4), TestGuest.Read(0x80, 4) with { Bus = 1 }, false },
        { TestGuest.Read(0x80, 4), TestGuest.Read(0x80, 4) with { Domain = 1 }, false },
        { TestGuest.Read(0x80, 4), TestGuest.Read(0x80, 4) with { Value = 1 }, true },
        { TestGuest.Write(0x40, 4, 1), TestGuest.Write(0x40, 4, 2), false },
        { TestGuest.Write(0x40, 4, 1), TestGuest.Write(0x40, 4, 1) with { Info = 2 }, true },
        { new() { Command = PciOpCode.EnableMsix, Value = 1 }, new() { Command = PciOpCode.EnableMsix, Value = 2 }, false },
        { new() { Command = PciOpCode.EnableMultiMsi, Info = 4 }, new() { Command = PciOpCode.EnableMultiMsi, Info = 2 }, false },
    };

    [Theory]
    [MemberData(nameof(Replacements))]
    public void C6_an_answer_is_not_put_under_another_request(PciOpRequest first, PciOpRequest second, bool same)
    {
        var interrupts = new TestInterrupts();
        using var guest = new TestGuest(interrupts);
        guest.Page.Frontend.Post(first);
        byte[] after = [];

        guest.Run(next =>
        {
            if (next == 4)
            {
                guest.Page.Frontend.GiveUp();
                guest.Page.Frontend.Post(second);
                after = guest.Page.Bytes.ToArray();
            }
        });

        Assert.Equal(same, guest.Page.Frontend.IsAnswered);
        Assert.Equal(same ? 1 : 0, guest.Notifications);
        Assert.Equal(same ? 0 : 1, guest.Counters.LateReplies);
        Assert.Equal(same, guest.Page.ChangedBytes(after).Length != 0);

        // What the guest will never learn of is taken back.
        Assert.Equal(interrupts.Calls, interrupts.Abandoned.Count);
    }

    [Fact]
    public void C7_a_page_that_changes_all_the_time_never_leads_outside_the_function()
    {
        // The function's bytes are an array: an offset or a size that was not checked would throw.
        using var guest = new TestGuest();
        bool stop = false;
        long changes = 0;
        var flipper = new Thread(() =>
        {
            PciOpRequest good = TestGuest.Read(0x80, 4);
            PciOpRequest bad = TestGuest.Write(0x7FFFFFF0, 0x1000, 1) with { Domain = 0 };
            while (!Volatile.Read(ref stop))
            {
                guest.Page.Frontend.Write(bad);
                guest.Page.Frontend.Write(good);
                Volatile.Write(ref changes, changes + 1);
            }
        });
        flipper.Start();
        int runs = 0;
        while (runs < 100_000 || Volatile.Read(ref changes) < 10_000)
        {
            guest.Page.Backend.SetFlags(SharedFlags.Active);
            guest.Run();
            runs++;
        }

        Volatile.Write(ref stop, true);
        flipper.Join();

        Assert.Equal(runs, guest.Counters.Requests);
        Assert.Equal(guest.Counters.Answered, guest.Notifications);
    }

    [Theory]
    [InlineData(11u)]
    [InlineData(12u)]
    [InlineData(255u)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFFFu)]
    public void C8_an_unknown_command_is_not_implemented(uint command)
    {
        using var guest = new TestGuest(new TestInterrupts());

        Assert.Equal(PciOpStatus.NotImplemented, guest.Serve(new PciOpRequest { Command = (PciOpCode)command, Size = 4 }).Error);
        Assert.Equal((1L, 0, 1), (guest.Counters.UnknownOperations, guest.Hardware.Accesses, guest.Notifications));
    }

    [Theory]
    [InlineData(PciOpCode.AerDetected)]
    [InlineData(PciOpCode.AerResume)]
    [InlineData(PciOpCode.AerMmioEnabled)]
    [InlineData(PciOpCode.AerSlotReset)]
    public void C9_a_recovery_code_in_the_request_slot_is_not_implemented(PciOpCode command)
    {
        using var guest = new TestGuest(new TestInterrupts());
        guest.Page.Bytes.Slice(SharedInfoLayout.AerOp, SharedInfoLayout.AerOpSize).Fill(0x33);

        Assert.Equal(PciOpStatus.NotImplemented, guest.Serve(new PciOpRequest { Command = command, Size = 4 }).Error);
        Assert.All(guest.Page.Bytes.Slice(SharedInfoLayout.AerOp, SharedInfoLayout.AerOpSize).ToArray(), value => Assert.Equal(0x33, value));
        Assert.Equal(0u, guest.Page.Word(0));
    }
}
