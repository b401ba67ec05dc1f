using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests;

public sealed class BaseAddressTests
{
    // S4: register, its address, its size answer.
    public static TheoryData<int, uint, uint> Registers => new()
    {
        { 0x10, 0xFD00000C, 0xFFF8000C },
        { 0x14, 0x00000012, 0xFFFFFFFF },
        { 0x18, 0x0000E021, 0xFFFFFFE1 },
        { 0x1C, 0xFB000000, 0xFFFFC000 },
        { 0x20, 0, 0 },
        { 0x24, 0, 0 },
        { 0x30, 0xF0000000, 0xFFFF0000 },
    };

    [Theory]
    [MemberData(nameof(Registers))]
    public void All_ones_size_the_register_and_anything_else_ends_it(int offset, uint address, uint sizeMask)
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        byte[] before = guest.Hardware.Snapshot();
        Assert.Equal(address, guest.Read(offset));
        Assert.Equal(AccessStatus.Success, guest.Write(offset, 4, 0xFFFFFFFF));
        Assert.Equal(sizeMask, guest.Read(offset));
        Assert.Equal(sizeMask >> 16, guest.Read(offset + 2, 2));
        Assert.Equal(sizeMask & 0xFF, guest.Read(offset, 1));
        Assert.Equal(AccessStatus.Success, guest.Write(offset, 4, address));
        Assert.Equal(address, guest.Read(offset));
        Assert.Empty(guest.Writes());
        Assert.Equal(before, guest.Hardware.Snapshot());
    }

    [Theory]
    [MemberData(nameof(Registers))]
    public void Words_and_bytes_accumulate_into_the_sizing_value(int offset, uint address, uint sizeMask)
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        guest.Write(offset, 2, 0xFFFF);
        Assert.Equal(address, guest.Read(offset));
        guest.Write(offset + 2, 2, 0xFFFF);
        Assert.Equal(sizeMask, guest.Read(offset));
        guest.Write(offset + 3, 1, 0xFE);
        Assert.Equal(address, guest.Read(offset));
        guest.Write(offset + 3, 1, 0xFF);
        Assert.Equal(sizeMask, guest.Read(offset));
        guest.Write(offset, 4, 0);
        for (int lane = 0; lane < 4; lane++)
        {
            Assert.Equal(address, guest.Read(offset));
            guest.Write(offset + lane, 1, 0xFF);
        }

        Assert.Equal(sizeMask, guest.Read(offset));
    }

    // A register that the firmware gave no address: 64-bit memory, ports.
    [Theory]
    [InlineData(0x10, 0x0000_000Cu, 0xFFF8_000Cu)]
    [InlineData(0x14, 0u, 0xFFFF_FFFFu)]
    [InlineData(0x18, 0x0000_0001u, 0xFFFF_FFE1u)]
    [InlineData(0x20, 0u, 0u)]
    public void Without_an_address_it_shows_its_low_bits_answers_sizing_and_hardware_is_never_written(int offset, uint value, uint sizeMask)
    {
        var guest = new FilteredGuest(SampleFunctions.CardBuilder().BaseAddress(0, 0, 0x8_0000, 0xC).BaseAddress(2, 0, 0x20, 1).Build());
        Assert.Equal(value, guest.Raw(offset, 4));
        Assert.Equal(value, guest.Read(offset));
        guest.Write(offset, 4, 0xFFFFFFFF);
        Assert.Equal(sizeMask, guest.Read(offset));
        guest.Write(offset, 4, value);
        Assert.Equal(value, guest.Read(offset));
        Assert.Empty(guest.Writes());
        Assert.False(guest.Hardware.BaseAddresses[0].IsAssigned);
    }

    // offset, value, whether all its address bits are set (PCI Local Bus 3.0 §6.2.5.1, §6.2.5.2).
    [Theory]
    [InlineData(0x1C, 0xFFFFFFF0, true)]
    [InlineData(0x1C, 0xFFFFF000, false)]
    [InlineData(0x1C, 0xFFFFFFE0, false)]
    [InlineData(0x18, 0xFFFFFFFC, true)]
    [InlineData(0x18, 0xFFFFFFF8, false)]
    [InlineData(0x14, 0xFFFFFFFF, true)]
    [InlineData(0x14, 0xFFFFFFF0, false)]
    [InlineData(0x30, 0xFFFFFFFE, true)]
    [InlineData(0x30, 0xFFFFF800, true)]
    [InlineData(0x30, 0xFFFFF001, false)]
    public void Only_a_value_with_all_address_bits_sizes(int offset, uint value, bool sizes)
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        uint address = guest.Read(offset);
        guest.Write(offset, 4, value);
        Assert.Equal(sizes, guest.Read(offset) != address);
    }

    // S5.
    [Theory]
    [InlineData(0x10)]
    [InlineData(0x14)]
    [InlineData(0x18)]
    [InlineData(0x1C)]
    [InlineData(0x30)]
    public void The_hosts_address_is_given_back_to_hardware_that_lost_it(int offset)
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        uint address = guest.Read(offset);
        uint lost = offset == 0x18 ? 1u : offset == 0x10 ? 0xCu : 0u;
        guest.Hardware.SetHardware(offset, 4, lost);
        guest.Write(offset, 4, address ^ 0x0100_0000);
        Assert.Equal(lost, guest.Raw(offset, 4));
        guest.Write(offset, 4, address);
        Assert.Equal(address, guest.Raw(offset, 4));
        RecordedAccess written = Assert.Single(guest.Writes());
        Assert.Equal(address, written.Value);
    }

    [Fact]
    public void A_move_is_dropped_and_said_and_a_sizing_is_not()
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        guest.Write(0x1C, 4, 0xFFFFFFFF);
        Assert.Equal(0u, guest.LastDenied);
        guest.Write(0x1C, 4, 0xFC000000);
        Assert.Equal(0x07000000u, guest.LastDenied);
        guest.Write(0x1E, 2, 0xFC00);
        Assert.Equal(0x0700u, guest.LastDenied);
        guest.Write(0x1E, 2, 0xFFFF);
        Assert.Equal(0u, guest.LastDenied);
    }

    [Fact]
    public void An_unimplemented_register_never_writes_hardware()
    {
        var guest = new FilteredGuest(SampleFunctions.Card());
        guest.Hardware.SetHardware(0x20, 4, 0x1000);
        guest.Write(0x20, 4, 0);
        Assert.Empty(guest.Writes());
    }
}
