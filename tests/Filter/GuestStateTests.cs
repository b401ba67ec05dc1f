using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci.Emulated;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests;

public sealed class GuestStateTests
{
    // S11: pciback's next guest starts with the previous one's Command, permission and warnings.
    [Fact]
    public void The_second_guest_finds_what_the_first_found()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.Permissive);
        uint[] fresh = guest.Assigned.Registers.Words.ToArray();
        uint[] first = Scan(guest);
        guest.Write(0x04, 2, 0x0547);
        guest.Write(0x10, 4, 0xFFFFFFFF);
        guest.Write(0x30, 2, 0xFFFF);
        guest.Write(0x0D, 1, 0x40);
        Assert.True(guest.Assigned.Registers.TryMarkWarned(0x0D, 0xFF00));
        guest.Assigned.MarkStuck();
        guest.Hardware.SetHardware(0x04, 2, 0x0006);

        guest.Assigned.Release();
        Assert.Equal(fresh, guest.Assigned.Registers.Words.ToArray());
        Assert.Equal(first, Scan(guest));
        Assert.False(guest.Assigned.IsSlow);
        Assert.True(guest.Assigned.Registers.TryMarkWarned(0x0D, 0xFF00));
    }

    [Fact]
    public void A_new_policy_takes_the_place_of_the_last_guests()
    {
        var guest = new FilteredGuest(Card(), AccessPolicy.Permissive);
        guest.Assigned.Release(ConfigSpaceMapCompiler.Compile(guest.Hardware, AccessPolicy.Default));
        guest.Write(0x800, 4, 1);
        Assert.Empty(guest.Writes());
    }

    [Fact]
    public unsafe void State_in_given_memory_outlives_the_object()
    {
        EmulatedFunction card = Card();
        CompiledFunction compiled = ConfigSpaceMapCompiler.Compile(card, AccessPolicy.Default);
        uint[] memory = GC.AllocateArray<uint>(VirtualRegisters.WordsFor(card.Size), pinned: true);
        fixed (uint* words = memory)
        {
            var before = new AssignedFunction(card, default, compiled, new VirtualRegisters(card.Size, words, owner: card));
            AccessPlan plan = default;
            AccessFilter.PlanWrite(before, 0x10, 4, uint.MaxValue, ref plan);
            var after = new AssignedFunction(card, default, compiled, new VirtualRegisters(card.Size, words, owner: card), keepState: true);
            AccessFilter.PlanRead(after, 0x10, 4, ref plan);
            Assert.Equal(0xFFF8000Cu, plan.Value);
        }
    }

    [Fact]
    public void A_register_is_warned_about_once()
    {
        var registers = new VirtualRegisters(4096);
        for (int offset = 0; offset < 4096; offset += 4)
        {
            // Two registers of one dword, and the second again together with what was not warned about yet.
            Assert.True(registers.TryMarkWarned(offset, 0x0000_8000));
            Assert.False(registers.TryMarkWarned(offset + 1, 0x0000_0100));
            Assert.True(registers.TryMarkWarned(offset, 0x0001_0000));
            Assert.False(registers.TryMarkWarned(offset + 2, 0x00FF_FF00));
            Assert.True(registers.TryMarkWarned(offset, 0xFFFF_FFFF));
            Assert.False(registers.TryMarkWarned(offset, 0xFFFF_FFFF));
        }

        Assert.Equal(1024, registers.WarnedCount);
    }

    // S14, and surprise removal.
    [Fact]
    public void A_function_that_answers_all_ones_is_gone()
    {
        var guest = new FilteredGuest(Card());
        guest.Hardware.Faults.Inject(FaultKind.AllOnes);
        Assert.Equal(0x10FB8086u, guest.Read(0));
        Assert.Equal(0xFFFFu, guest.Read(0x06, 2));
        Assert.True(guest.Assigned.IsGone);
        Assert.Equal(0xFFFFFFFFu, guest.Read(0));
        Assert.Equal(0xFFu, guest.Read(0x3C, 1));
        guest.Accesses();
        Assert.Equal(AccessStatus.Success, guest.Write(0x04, 2, 0x0007));
        Assert.Empty(guest.Accesses());

        guest.Hardware.Faults.Release();
        guest.Assigned.Refresh();
        Assert.False(guest.Assigned.IsGone);
        Assert.Equal(0x10FB8086u, guest.Read(0));
    }

    [Fact]
    public void A_register_that_really_is_all_ones_costs_one_look_and_nothing_else()
    {
        var guest = new FilteredGuest(Card());
        guest.Hardware.SetHardware(0x800, 4, 0xFFFFFFFF);
        Assert.Equal(0xFFFFFFFFu, guest.Read(0x800));
        Assert.False(guest.Assigned.IsGone);
        Assert.Equal(2, guest.Accesses().Count);
    }

    [Fact]
    public void A_failed_access_is_said_and_not_taken_for_a_value()
    {
        var guest = new FilteredGuest(Card());
        guest.Hardware.Faults.Inject(FaultKind.Fails);
        guest.Read(0x06, 2);
        Assert.Equal(AccessStatus.OperationFailed, guest.LastStatus);
        Assert.Equal(AccessStatus.OperationFailed, guest.Write(Pm + 4, 2, 3));
        Assert.False(guest.Assigned.IsGone);
    }

    [Fact]
    public void A_reset_refreshes_what_is_served_from_the_shadow()
    {
        var guest = new FilteredGuest(Card());
        guest.Hardware.SetHardware(0x2C, 4, 0x00011234);
        Assert.Equal(0x7A118086u, guest.Read(0x2C));
        Assert.Equal(new ShadowMismatch(0x2C, 0xFFFFFFFF, 0x7A118086, 0x00011234), Assert.Single(ShadowVerification.Run(guest.Assigned)));
        guest.Assigned.Refresh();
        Assert.Empty(ShadowVerification.Run(guest.Assigned));
        Assert.Equal(0x00011234u, guest.Read(0x2C));
        Assert.Equal(0x0023u, guest.Read(Pm + 2, 2));
    }

    [Fact]
    public void Planning_and_executing_allocate_nothing()
    {
        EmulatedFunction card = Card();
        var guest = new FilteredGuest(card, AccessPolicy.Permissive);
        card.RecordAccesses(false);
        Run(guest, 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(guest, 20);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    // Everything but power and reset, whose emulation copies the space.
    private static void Run(FilteredGuest guest, int times)
    {
        for (int i = 0; i < times; i++)
        {
            for (int offset = 0; offset < 4096; offset += 4)
            {
                guest.Read(offset);
                if (offset is not (Pm + 4 or Express + 8 or Af + 4))
                {
                    guest.Write(offset, 4, (uint)(i * 0x01010101));
                }

                guest.Read(offset + 2, 2);
                guest.Write(offset, 1, 0);
            }
        }
    }

    private static uint[] Scan(FilteredGuest guest)
    {
        uint[] values = new uint[1024];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = guest.Read(i * 4);
        }

        return values;
    }
}
