using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests.Run;

public sealed class AccessFilterTests
{
    // Status: a zero changes nothing, whatever the bit is, and a one asks for its end (PCI Local Bus 3.0 §6.2.3).
    [Theory]
    [InlineData(0x0010u, 0u)]
    [InlineData(0x8010u, 0x8000u)]
    [InlineData(0xF910u, 0xF900u)]
    public void Of_bits_that_clear_on_ones_only_the_ones_count_as_dropped(uint written, uint denied)
    {
        FilteredGuest guest = new(Card());
        guest.Hardware.SetHardware(0x06, 2, 0xF910);
        guest.Read(0x06, 2);

        Assert.Equal(AccessStatus.Success, guest.Write(0x06, 2, written));

        Assert.Equal((denied, 0xF910u), (guest.LastDenied, guest.Raw(0x06, 2)));
    }

    // Undocumented registers are not read for the comparison (XSA-124): until the guest has, any value may be another than what is there.
    [Fact]
    public void In_a_register_that_nobody_has_read_every_written_bit_counts_as_dropped()
    {
        FilteredGuest guest = new(Card(), readAll: false);

        guest.Write(Vendor + 8, 4, 0);
        Assert.Equal(uint.MaxValue, guest.LastDenied);

        guest.Read(Vendor + 8, 2);
        guest.Write(Vendor + 8, 4, 0);
        Assert.Equal(0xFFFF_0000u, guest.LastDenied);
    }

    // The rest of a byte goes back as it was read; a one that was read would clear.
    [Fact]
    public void Opening_a_bit_beside_bits_that_clear_on_ones_clears_none_of_them()
    {
        FilteredGuest guest = new(Card(), AccessPolicy.Default with { Quirks = [new QuirkField(0x06, 2, 0x0600, SettingOrigin.BuiltIn)] });
        guest.Hardware.SetHardware(0x06, 2, 0xF910);

        Assert.Equal(AccessStatus.Success, guest.Write(0x06, 2, 0x0600));

        Assert.NotEmpty(guest.Writes());
        Assert.Equal(0xF910u, guest.Raw(0x06, 2) & 0xF910);
    }
}
