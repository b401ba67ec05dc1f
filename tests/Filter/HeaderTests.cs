using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests;

public sealed class HeaderTests
{
    // Linux drivers/xen/xen-pciback/conf_space_header.c: offset, size, value, what hardware holds afterwards (default, permissive).
    public static TheoryData<int, int, uint, uint, uint> Rows => new()
    {
        { 0x00, 2, 0x1234, 0x8086, 0x8086 },
        { 0x02, 2, 0x1234, 0x10FB, 0x10FB },
        { 0x08, 4, 0xFFFFFFFF, 0x02000001, 0x02000001 },
        { 0x0C, 1, 0x08, 0x08, 0x08 },
        { 0x0D, 1, 0x40, 0x00, 0x00 },
        { 0x0E, 1, 0x01, 0x00, 0x00 },
        { 0x2C, 4, 0x11112222, 0x7A118086, 0x7A118086 },
        { 0x34, 1, 0x50, 0x40, 0x40 },
        { 0x3C, 1, 0x0B, 0x05, 0x05 },
        { 0x3D, 1, 0x02, 0x01, 0x01 },
        { 0x48, 4, 0xCAFEBABE, 0x00000000, 0xCAFEBABE },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_write_succeeds_and_reaches_what_the_profile_opens(int offset, int size, uint value, uint inDefault, uint inPermissive)
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        Assert.Equal(AccessStatus.Success, guest.Write(offset, size, value));
        Assert.Equal(inDefault, guest.Raw(offset, size));

        var trusted = new FilteredGuest(SampleFunctions.Card(), AccessPolicy.Permissive);
        Assert.Equal(AccessStatus.Success, trusted.Write(offset, size, value));
        Assert.Equal(inPermissive, trusted.Raw(offset, size));
    }

    [Fact]
    public void Ids_class_and_subsystem_are_read_without_hardware()
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        Assert.Equal(0x10FB8086u, guest.Read(0x00));
        Assert.Equal(0x02000001u, guest.Read(0x08));
        Assert.Equal(0x00u, guest.Read(0x0E, 1));
        Assert.Equal(0x7A118086u, guest.Read(0x2C));
        Assert.Equal(0x0105u, guest.Read(0x3C, 2));
        Assert.Empty(guest.Accesses());
    }

    [Theory]
    [InlineData(0x04)]
    [InlineData(0x0C)]
    public void Status_cache_line_and_self_test_are_read_from_hardware(int offset)
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        guest.Hardware.SetHardware(0x06, 2, 0x2010);
        guest.Hardware.SetHardware(0x0C, 1, 0x20);
        Assert.Equal(guest.Raw(offset, 4), guest.Read(offset));
        Assert.Single(guest.Accesses());
    }

    [Fact]
    public void A_virtual_function_has_the_ids_its_host_knows()
    {
        byte[] bytes = SampleFunctions.Card().Snapshot();
        bytes.AsSpan(0, 4).Fill(0xFF);
        var hardware = new EmulatedFunction(default, "vf", bytes) { IsVirtualFunction = true, VendorId = 0x8086, DeviceId = 0x10ED };
        var guest = new FilteredGuest(hardware);
        Assert.Equal(0x10ED8086u, guest.Read(0));
        Assert.False(guest.Assigned.IsGone);
    }

    // XSA-128, and Windows' first write: 2 bytes at 0x0C must succeed (libvfio-user #570).
    [Fact]
    public void A_write_over_several_registers_obeys_each_of_them()
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        Assert.Equal(AccessStatus.Success, guest.Write(0x0C, 4, 0x00_01_40_08));
        Assert.Equal(0x80_00_00_08u, guest.Raw(0x0C, 4));
        Assert.Equal(AccessStatus.Success, guest.Write(0x0C, 2, 0xFF10));
        Assert.Equal(0x80_00_00_10u, guest.Raw(0x0C, 4));
    }

    // Qubes #9003: a driver reads Command and Status as one dword and writes it back.
    [Fact]
    public void Writing_command_and_status_back_clears_no_error_bit()
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        guest.Hardware.SetHardware(0x06, 2, 0xF910);
        uint value = guest.Read(0x04);
        guest.Accesses();
        Assert.Equal(AccessStatus.Success, guest.Write(0x04, 4, value));
        Assert.Equal(0xF910u, guest.Raw(0x06, 2));
        Assert.DoesNotContain(guest.Writes(), access => access.Offset + access.Size > 0x06);
    }

    // BIST: PCI Local Bus 3.0 §6.2.4; written, whether it reaches hardware.
    [Theory]
    [InlineData(0x40u, 1)]
    [InlineData(0xC0u, 1)]
    [InlineData(0x80u, 0)]
    [InlineData(0x41u, 0)]
    [InlineData(0x0Fu, 0)]
    public void The_self_test_can_be_started_and_nothing_else(uint value, int tests)
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        Assert.Equal(AccessStatus.Success, guest.Write(0x0F, 1, value));
        Assert.Equal(tests, guest.Hardware.SelfTests);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 3)]
    [InlineData(0, 8)]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(4096, 1)]
    [InlineData(4096, 4)]
    [InlineData(-1, 1)]
    [InlineData(-4, 4)]
    [InlineData(int.MinValue, 4)]
    [InlineData(int.MaxValue, 1)]
    [InlineData(0, int.MinValue)]
    public void An_access_of_a_wrong_size_or_place_is_an_invalid_offset(int offset, int size)
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        Assert.Equal(0u, guest.Read(offset, size));
        Assert.Equal(AccessStatus.InvalidOffset, guest.LastStatus);
        Assert.Equal(AccessStatus.InvalidOffset, guest.Write(offset, size, uint.MaxValue));
        Assert.Empty(guest.Accesses());
    }

    [Fact]
    public void A_ROM_that_is_off_answers_as_one_that_is_not_there_and_hardware_keeps_its_own()
    {
        EmulatedFunction card = new EmulatedFunctionBuilder(0x8086, 0x10D3).BaseAddress(6, 0xFEB0_0000, 0x1_0000).Build();
        byte[] before = card.Snapshot();
        var guest = new FilteredGuest(card, AccessPolicy.Default with { Rom = new(RomControl.Off, SettingOrigin.BuiltIn) });

        Assert.Equal(0u, guest.Read(0x30));
        foreach (uint value in new[] { 0xFFFFF800, 0xFFFFFFFF, 0xFEB00001u })
        {
            Assert.Equal(AccessStatus.Success, guest.Write(0x30, 4, value));
            Assert.Equal(0u, guest.Read(0x30));
        }

        Assert.Equal(before, card.Snapshot());
        Assert.Contains("(rom)", guest.Assigned.Map.RowsAt(0x30, 4)[0].Text, StringComparison.Ordinal);
        Assert.Equal(0xFEB0_0000u, new FilteredGuest(card).Read(0x30));
    }

    // S15: bridges can be looked at, CardBus bridges not.
    [Fact]
    public void A_bridge_compiles_and_its_routing_is_denied_in_every_profile()
    {
        EmulatedFunction bridge = new EmulatedFunctionBuilder(0x8086, 0x3420).Set(0x0E, 1, 1).Set(0x18, 4, 0x00020100).Set(0x1C, 4, 0x0000F1F1).Build();
        var guest = new FilteredGuest(bridge, AccessPolicy.Permissive);
        byte[] before = bridge.Snapshot();
        foreach (int offset in new[] { 0x18, 0x1C, 0x20, 0x24, 0x28, 0x2C, 0x30 })
        {
            Assert.Equal(AccessStatus.Success, guest.Write(offset, offset == 0x1C ? 2 : 4, 0xFFFFFFFF));
        }

        bridge.SetHardware(0x1B, 1, before[0x1B]);
        Assert.Equal(before, bridge.Snapshot());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(0x7F)]
    public void A_header_of_another_type_is_refused(byte type)
    {
        EmulatedFunction odd = new EmulatedFunctionBuilder(0x1180, 0x0476).Set(0x0E, 1, type).Build();
        UnsupportedFunctionException refused = Assert.Throws<UnsupportedFunctionException>(() => ConfigSpaceMapCompiler.Compile(odd, AccessPolicy.Default));
        Assert.Equal(type, refused.HeaderType);
    }
}
