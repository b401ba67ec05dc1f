using PciBackFlow.Filter.Map;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests.Effects;

public sealed class VpdAddressTests
{
    // The flag that starts a write lies in the high byte; with the low byte alone hardware's own goes back, and with it a finished read's flag.
    [Fact]
    public void A_byte_of_it_counts_with_the_rest_that_hardware_has()
    {
        FilteredGuest guest = new(Card());

        Assert.Equal(AccessStatus.AccessDenied, guest.Write(Vpd + 3, 1, 0x80));
        Assert.Empty(guest.Writes());
        Assert.Equal(AccessStatus.Success, guest.Write(Vpd + 2, 1, 0x04));
        Assert.Equal(0x8004u, guest.Raw(Vpd + 2, 2));
        Assert.Equal(AccessStatus.AccessDenied, guest.Write(Vpd + 2, 1, 0x08));
        Assert.Equal(0x8004u, guest.Raw(Vpd + 2, 2));
        Assert.Equal(AccessStatus.Success, guest.Write(Vpd + 3, 1, 0x01));
        Assert.Equal(0x8104u, guest.Raw(Vpd + 2, 2));
    }
}
