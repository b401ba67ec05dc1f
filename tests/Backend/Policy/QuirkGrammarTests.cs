using PciBackFlow.Backend.Policy;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Policy;

/// <summary>Origin of the rows: the grammar of Linux xen-pciback's quirks attribute (drivers/xen/xen-pciback/pci_stub.c).</summary>
public sealed class QuirkGrammarTests
{
    private static readonly SettingOrigin Origin = new(SettingSource.DriverParameter, "quirks");

    [Theory]
    [InlineData("04:00.0-44:2:ffff", "0000:04:00.0", 0x44, 2, 0xFFFFu)]
    [InlineData(" 0001:04:1f.7-fff:1:0f\n", "0001:04:1f.7", 0xFFF, 1, 0x0Fu)]
    [InlineData("ffff:00:04.0-10:4:FFFFFFFF", "ffff:00:04.0", 0x10, 4, 0xFFFFFFFFu)]
    // As scanf's %x: any number of digits, 0x, white space before a number.
    [InlineData("0:4.0-44:2:ffff", "0000:00:04.0", 0x44, 2, 0xFFFFu)]
    [InlineData("00000000000:00:04.00-0044:02:0000ffff", "0000:00:04.0", 0x44, 2, 0xFFFFu)]
    [InlineData("0x0:0x4:0X0.0x1-0x44:0x4:0xffffffff", "0000:04:00.1", 0x44, 4, 0xFFFFFFFFu)]
    [InlineData("04: 00. 1- 44: 1: 80 ", "0000:04:00.1", 0x44, 1, 0x80u)]
    // The example of Linux Documentation/ABI/testing/sysfs-driver-pciback.
    [InlineData("00:19.0-E0:2:FF", "0000:00:19.0", 0xE0, 2, 0xFFu)]
    public void A_quirk_names_a_function_a_register_a_size_and_a_mask(string text, string address, int register, int size, uint mask)
    {
        Assert.True(QuirkGrammar.TryParse(text, Origin, out PciAddress function, out QuirkField field, out int errorIndex, out _));

        Assert.Equal(address, function.ToString());
        Assert.Equal(new QuirkField(register, size, mask, Origin), field);
        Assert.Equal(-1, errorIndex);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("04:00.0", 7)]
    [InlineData("04:00.8-44:2:ffff", 6)]
    [InlineData("04:00.0-1000:2:ffff", 8)]
    [InlineData("04:00.0-44:3:ffff", 11)]
    [InlineData("04:00.0-44:1:1ff", 13)]
    [InlineData("04:00.0-44:2:10000", 13)]
    [InlineData("04:00.0-44:2:", 13)]
    [InlineData("04:00.0-44:2:ff x", 16)]
    [InlineData("04:00.0-4g:2:ff", 9)]
    [InlineData("04:00.0-44:2:123456789", 13)]
    [InlineData("04 :00.0-44:2:ff", 2)]
    [InlineData(" 10000:00:04.0-10:4:ff", 1)]
    [InlineData("04:00.0 -44:2:ff", 7)]
    [InlineData("04:00.0-44 :2:ff", 10)]
    [InlineData("4:20.0-44:2:ff", 2)]
    [InlineData("04:00.0-44:0:ff", 11)]
    public void A_wrong_quirk_is_refused_at_the_wrong_character(string text, int at)
    {
        Assert.False(QuirkGrammar.TryParse(text, Origin, out _, out _, out int errorIndex, out string? reason));

        Assert.Equal(at, errorIndex);
        Assert.NotEmpty(reason);
    }
}
