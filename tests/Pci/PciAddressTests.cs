using PciBackFlow.Pci;

namespace PciBackFlow.Pci.Tests;

public class PciAddressTests
{
    [Theory]
    [InlineData("00:1c.0", 0u, 0, 0x1C, 0, "0000:00:1c.0")]
    [InlineData("0000:ff:1f.7", 0u, 0xFF, 0x1F, 7, "0000:ff:1f.7")]
    [InlineData("0001:0A:00.1", 1u, 10, 0, 1, "0001:0a:00.1")]
    [InlineData("10000:01:00.0", 0x10000u, 1, 0, 0, "10000:01:00.0")]
    [InlineData("ffffffff:00:00.0", 0xFFFFFFFFu, 0, 0, 0, "ffffffff:00:00.0")]
    public void An_address_is_read_and_printed(string text, uint domain, int bus, int slot, int function, string printed)
    {
        Assert.True(PciAddress.TryParse(text, out PciAddress address, out int index, out string? reason));
        Assert.Equal(new PciAddress(domain, (byte)bus, (byte)slot, (byte)function), address);
        Assert.Equal(-1, index);
        Assert.Empty(reason);
        Assert.Equal(printed, address.ToString());
        Assert.Equal(address, PciAddress.Parse(printed));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("0", 1)]
    [InlineData("00", 2)]
    [InlineData("00:", 3)]
    [InlineData("00:1", 4)]
    [InlineData("00:1c", 5)]
    [InlineData("00:1c.", 6)]
    [InlineData("00:1c.8", 6)]
    [InlineData("00:20.0", 3)]
    [InlineData("00:1c.0 ", 7)]
    [InlineData("00:1c.00", 7)]
    [InlineData("00:1c:0", 5)]
    [InlineData("00:00:1c.0", 2)]
    [InlineData("g0:1c.0", 0)]
    [InlineData("0g:1c.0", 1)]
    [InlineData("0:1c.0", 1)]
    [InlineData("00:1g.0", 4)]
    [InlineData("000:00:1c.0", 3)]
    [InlineData("100000000:00:1c.0", 8)]
    [InlineData("0000:0:1c.0", 6)]
    [InlineData("0000:00-1c.0", 7)]
    [InlineData("0000:00:1c.9", 11)]
    [InlineData("0000", 4)]
    [InlineData(" 00:1c.0", 0)]
    [InlineData("00:-1.0", 3)]
    [InlineData("00:1c.\u0661", 6)]
    public void A_wrong_address_is_refused_at_its_wrong_character(string text, int at)
    {
        Assert.False(PciAddress.TryParse(text, out PciAddress address, out int index, out string? reason));
        Assert.Equal(at, index);
        Assert.NotEmpty(reason);
        Assert.Equal(default, address);
        Assert.Throws<FormatException>(() => PciAddress.Parse(text));
    }
}
