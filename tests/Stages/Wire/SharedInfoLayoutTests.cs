using System.Runtime.CompilerServices;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Wire;

/// <summary>
/// C1: the layout of the shared page. The numbers were computed by a C compiler's rules from the declarations of
/// io/pciif.h, not from the constants under test.
/// </summary>
public sealed class SharedInfoLayoutTests
{
    // Every constant of the layout and its place in struct xen_pci_sharedinfo (Xen public header io/pciif.h).
    public static TheoryData<string, int, int> Offsets => new()
    {
        { "flags", SharedInfoLayout.Flags, 0 },
        { "op", SharedInfoLayout.Op, 4 },
        { "op.cmd", SharedInfoLayout.Command, 4 },
        { "op.err", SharedInfoLayout.Error, 8 },
        { "op.domain", SharedInfoLayout.Domain, 12 },
        { "op.bus", SharedInfoLayout.Bus, 16 },
        { "op.devfn", SharedInfoLayout.Devfn, 20 },
        { "op.offset", SharedInfoLayout.Offset, 24 },
        { "op.size", SharedInfoLayout.AccessSize, 28 },
        { "op.value", SharedInfoLayout.Value, 32 },
        { "op.info", SharedInfoLayout.Info, 36 },
        { "op.msix_entries", SharedInfoLayout.MsixEntries, 40 },
        { "op.msix_entries[127]", SharedInfoLayout.MsixEntries + (127 * SharedInfoLayout.MsixEntrySize), 548 },
        { "aer_op", SharedInfoLayout.AerOp, 552 },
        { "aer_op.cmd", SharedInfoLayout.AerCommand, 552 },
        { "aer_op.err", SharedInfoLayout.AerError, 556 },
        { "aer_op.domain", SharedInfoLayout.AerDomain, 560 },
        { "aer_op.bus", SharedInfoLayout.AerBus, 564 },
        { "aer_op.devfn", SharedInfoLayout.AerDevfn, 568 },
        { "sizeof(op)", SharedInfoLayout.OpSize, 548 },
        { "sizeof(op) before the entries", SharedInfoLayout.OpHeaderSize, 36 },
        { "sizeof(aer_op)", SharedInfoLayout.AerOpSize, 20 },
        { "sizeof(sharedinfo)", SharedInfoLayout.Size, 572 },
        { "SH_INFO_MAX_VEC", SharedInfoLayout.MaxVectors, 128 },
        { "sizeof(msix_entry)", SharedInfoLayout.MsixEntrySize, 4 },
    };

    [Theory]
    [MemberData(nameof(Offsets))]
    public void Each_field_lies_where_the_public_header_puts_it(string field, int actual, int expected) =>
        Assert.True(expected == actual, $"{field} is at {actual}, not {expected}");

    [Fact]
    public void The_structs_have_the_sizes_of_the_wire()
    {
        Assert.Equal(36, Unsafe.SizeOf<PciOpRequest>());
        Assert.Equal(4, Unsafe.SizeOf<MsixEntry>());
        Assert.Equal(512, Unsafe.SizeOf<MsixEntryArray>());
    }

    [Fact]
    public void The_codes_are_those_of_the_public_header()
    {
        Assert.Equal([0u, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Enum.GetValues<PciOpCode>().Select(code => (uint)code));
        Assert.Equal([0, -1, -2, -3, -4, -5], Enum.GetValues<PciOpStatus>().Select(status => (int)status).OrderDescending());
        Assert.Equal((1u, 2u, 4u), ((uint)SharedFlags.Active, (uint)SharedFlags.AerHandler, (uint)SharedFlags.BackendActive));
    }

    /// <summary>Linux include/linux/pci.h: enum pci_channel_state and enum pci_ers_result.</summary>
    [Fact]
    public void The_numbers_of_a_recovery_are_Linux_s()
    {
        Assert.Equal([1, 2, 3], Enum.GetValues<ChannelState>().Select(state => (int)state));
        Assert.Equal([1, 2, 3, 4, 5, 6], Enum.GetValues<RecoveryVerdict>().Select(verdict => (int)verdict));
    }

    [Fact]
    public void A_recovery_s_question_touches_its_slot_alone()
    {
        using var page = new TestPage();
        page.Backend.WriteRecovery(new(PciOpCode.AerSlotReset, ChannelState.Frozen, 0x01020304, 0x05060708, 0x090A0B0C));

        Assert.All(page.NonZeroBytes(), static at => Assert.InRange(at, SharedInfoLayout.AerOp, SharedInfoLayout.Size - 1));
        Assert.Equal(
            [9u, 2u, 0x01020304u, 0x05060708u, 0x090A0B0Cu],
            [page.Word(552), page.Word(556), page.Word(560), page.Word(564), page.Word(568)]);
        Assert.False(page.Frontend.TryReadRecovery(out RecoveryRequest request));
        Assert.Equal(new(PciOpCode.AerSlotReset, ChannelState.Frozen, 0x01020304, 0x05060708, 0x090A0B0C), request);
    }

    [Fact]
    public unsafe void A_snapshot_takes_each_field_from_its_own_place()
    {
        using var page = new TestPage();
        for (int i = 0; i < SharedInfoLayout.Size; i++)
        {
            page.Address[i] = (byte)(i * 7);
        }

        page.Backend.ReadRequest(out PciOpRequest request);
        MsixEntryArray entries = default;
        page.Backend.ReadEntries(ref entries);

        Assert.Equal(page.Word(4), (uint)request.Command);
        Assert.Equal(page.Word(8), (uint)request.Error);
        Assert.Equal(page.Word(12), request.Domain);
        Assert.Equal(page.Word(16), request.Bus);
        Assert.Equal(page.Word(20), request.Devfn);
        Assert.Equal(page.Word(24), (uint)request.Offset);
        Assert.Equal(page.Word(28), (uint)request.Size);
        Assert.Equal(page.Word(32), request.Value);
        Assert.Equal(page.Word(36), request.Info);
        for (int i = 0; i < 128; i++)
        {
            Assert.Equal(page.Word(40 + (4 * i)), entries[i].Vector | ((uint)entries[i].Entry << 16));
        }
    }

    [Fact]
    public void An_answer_is_written_to_its_own_places()
    {
        using var page = new TestPage();

        page.Backend.WriteAnswer(PciOpStatus.OperationFailed, 0x11223344);
        page.Backend.WriteInfo(0x55667788);
        page.Backend.WriteVector(127, 0xABCD);

        Assert.Equal(0xFFFFFFFBu, page.Word(8));
        Assert.Equal(0x11223344u, page.Word(32));
        Assert.Equal(0x55667788u, page.Word(36));
        Assert.Equal(0x0000ABCDu, page.Word(548));
        Assert.Equal([8, 9, 10, 11, 32, 33, 34, 35, 36, 37, 38, 39, 548, 549], page.NonZeroBytes());
    }

    [Fact]
    public void A_vector_beyond_the_last_is_refused()
    {
        using var page = new TestPage();

        Assert.Throws<ArgumentOutOfRangeException>(() => page.Backend.WriteVector(128, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => page.Backend.WriteVector(-1, 1));
    }
}
