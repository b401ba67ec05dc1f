using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Xenstore;

public sealed class StoreFormatsTests
{
    /// <summary>X3: Linux scans <c>dev-N</c> as <c>%x:%x:%x.%x</c>.</summary>
    [Theory]
    [InlineData("0000:03:00.0", "0000:03:00.0")]
    [InlineData("0000:0A:1F.7", "0000:0a:1f.7")]
    [InlineData("0:a:b.1", "0000:0a:0b.1")]
    [InlineData("10000:e1:00.0", "10000:e1:00.0")]
    [InlineData("ffffffff:ff:1f.7", "ffffffff:ff:1f.7")]
    [InlineData("0000:03:00.0 and more", "0000:03:00.0")]
    [InlineData("0000:03:00.02", "0000:03:00.2")]
    [InlineData("0x0:0x3:0x0.0x1", "0000:03:00.1")]
    public void Addresses_are_scanned_as_four_numbers(string text, string expected)
    {
        Assert.True(StoreFormats.TryParseAddress(text, out PciAddress address));
        Assert.Equal(expected, address.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("03:00.0")]
    [InlineData("0000:03:00")]
    [InlineData("0000:03:00.")]
    [InlineData("0000:03:20.0")]
    [InlineData("0000:03:00.8")]
    [InlineData("0000:100:00.0")]
    [InlineData("100000000:00:00.0")]
    [InlineData("zz:03:00.0")]
    [InlineData("-1:03:00.0")]
    [InlineData("0000;03:00.0")]
    public void Everything_else_is_no_address(string? text) => Assert.False(StoreFormats.TryParseAddress(text, out _));

    /// <summary>X8: keys a guest owns.</summary>
    [Theory]
    [InlineData("0", true)]
    [InlineData("4294967295", true)]
    [InlineData("4294967296", false)]
    [InlineData("99999999999999999999", false)]
    [InlineData("", false)]
    [InlineData("-1", false)]
    [InlineData("+1", false)]
    [InlineData(" 1", false)]
    [InlineData("1 ", false)]
    [InlineData("0x10", false)]
    [InlineData("1,000", false)]
    [InlineData("\u0661", false)]
    [InlineData(null, false)]
    public void A_guests_numbers_are_plain_decimal_of_32_bits(string? text, bool valid) =>
        Assert.Equal(valid, StoreFormats.TryParseDecimal(text, out _));

    [Theory]
    [InlineData(null, XenbusState.Unknown)]
    [InlineData("0", XenbusState.Unknown)]
    [InlineData("8", XenbusState.Reconfigured)]
    [InlineData("9", XenbusState.Invalid)]
    [InlineData("", XenbusState.Invalid)]
    [InlineData("04", XenbusState.Invalid)]
    [InlineData("4 ", XenbusState.Invalid)]
    [InlineData("-1", XenbusState.Invalid)]
    public void States_are_one_digit(string? text, XenbusState expected) => Assert.Equal(expected, StoreFormats.ParseState(text));

    /// <summary>X18: two digits for the function are frozen protocol.</summary>
    [Fact]
    public void A_guest_address_has_a_two_digit_function()
    {
        Assert.Equal("0000:00:1f.07", StoreFormats.FormatGuestAddress(new(0, 0, 0x1F, 7)));
        Assert.Equal("0000:00", StoreFormats.FormatRoot(new(0, 0)));
        Assert.Equal("10000:e1", StoreFormats.FormatRoot(new(0x10000, 0xE1)));
    }

    /// <summary>XSA-326: what a guest can make the backend write is bounded.</summary>
    [Fact]
    public void Error_texts_are_bounded_and_printable()
    {
        string text = StoreFormats.FormatError(Errno.EINVAL, "bad \u0007\n" + new string('x', 5000));
        Assert.Equal(256, text.Length);
        Assert.StartsWith("22 bad ..x", text, StringComparison.Ordinal);
        Assert.All(text, c => Assert.InRange(c, ' ', '~'));
    }

    [Theory]
    [InlineData("28", true, 0x28)]
    [InlineData("0xf8", true, 0xF8)]
    [InlineData("100", false, 0)]
    [InlineData("", false, 0)]
    [InlineData("g", false, 0)]
    public void A_requested_slot_is_a_hexadecimal_byte(string text, bool valid, int devfn)
    {
        Assert.Equal(valid, StoreFormats.TryParseDevfn(text, out byte value));
        if (valid)
        {
            Assert.Equal(devfn, value);
        }
    }

    [Theory]
    [InlineData("0000:00", true)]
    [InlineData("0001:3a", true)]
    [InlineData("0000", false)]
    [InlineData("0000:100", false)]
    [InlineData("", false)]
    public void Roots_are_two_numbers(string text, bool valid) => Assert.Equal(valid, StoreFormats.TryParseRoot(text, out _));
}
