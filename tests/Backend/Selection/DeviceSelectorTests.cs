using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Selection;

/// <summary>One grammar for every door; the script of the initramfs is held to it beside the hide list.</summary>
public sealed class DeviceSelectorTests
{
    private static readonly DeviceCandidate[] Host =
    [
        new(PciAddress.Parse("00:02.0"), "pci0000:00/02.0", 0x8086, 0x9A49, 0x1028, 0x0A3E, 0x030000),
        new(PciAddress.Parse("03:00.0"), "pci0000:00/1c.0/00.0", 0x8086, 0x10D3, 0x8086, 0xA01F, 0x020000)
        {
            Name = "lan", ReadSerial = static () => 0x001B21FFFF123456,
        },
        new(PciAddress.Parse("04:00.0"), "pci0000:00/1c.4/00.0", 0x8086, 0x10D3, 0x8086, 0xA01F, 0x020000) { ReadSerial = static () => 0x001B21FFFF123457 },
        new(PciAddress.Parse("05:00.0"), "pci0000:00/1d.0/00.0", 0x144D, 0xA808, 0x144D, 0xA801, 0x010802),
        new(PciAddress.Parse("06:00.0"), "pci0000:00/1d.4/00.0", 0x1B36, 0x0010, 0, 0, 0x010802),
    ];

    [Theory]
    [InlineData("03:00.0", "0000:03:00.0", "0000:03:00.0")]
    [InlineData("bdf=0000:03:00.0", "0000:03:00.0", "0000:03:00.0")]
    [InlineData("path=pci0000:00/1c.0/00.0", "path=pci0000:00/1c.0/00.0", "0000:03:00.0")]
    [InlineData("path=PCI0000:00/1C.4/00.0", "path=pci0000:00/1c.4/00.0", "0000:04:00.0")]
    [InlineData("id=8086:9a49", "id=8086:9a49", "0000:00:02.0")]
    [InlineData("id=144D:A808:144d:a801", "id=144d:a808:144d:a801", "0000:05:00.0")]
    [InlineData("id=8086:10d3/001b21ffff123457", "id=8086:10d3/00-1b-21-ff-ff-12-34-57", "0000:04:00.0")]
    // As lspci -vv prints the serial number.
    [InlineData("id=8086:10d3/00-1b-21-ff-ff-12-34-56", "id=8086:10d3/00-1b-21-ff-ff-12-34-56", "0000:03:00.0")]
    [InlineData("class=03", "class=03", "0000:00:02.0")]
    [InlineData("class=030000", "class=030000", "0000:00:02.0")]
    [InlineData("name=lan", "name=lan", "0000:03:00.0")]
    public void A_device_is_found_by_what_stays_when_bus_numbers_change(string text, string written, string address)
    {
        Assert.True(DeviceSelector.TryParse(text, out DeviceSelector? selector, out int index, out string reason), reason);

        Assert.Equal((written, -1), (selector.ToString(), index));
        Assert.Equal(address, DeviceChoice.One(selector, () => Host).ToString());
        Assert.True(DeviceSelector.TryParse(written, out DeviceSelector? again, out _, out _));
        Assert.Equal(selector, again);
    }

    [Theory]
    [InlineData("", 0, "[DDDD:]BB:SS.F")]
    [InlineData("3:00.0", 1, "")]
    [InlineData("slot=3", 0, "path=pciDDDD:BB/SS.F")]
    [InlineData("bdf=03:20.0", 7, "")]
    [InlineData("path=", 5, "pciDDDD:BB")]
    [InlineData("path=0000:00/1c.0", 5, "pciDDDD:BB")]
    [InlineData("path=pci0000:00", 15, "pciDDDD:BB")]
    [InlineData("path=pci0000:00/1c.0/", 21, "pciDDDD:BB")]
    [InlineData("path=pci0000:00/1c.0/20.0", 21, "pciDDDD:BB")]
    [InlineData("id=8086", 3, "VVVV:DDDD")]
    [InlineData("id=8086:10d3:8086", 3, "VVVV:DDDD")]
    [InlineData("id=8086:10d3/", 13, "sixteen")]
    [InlineData("id=8086:10d3/00-1b-21", 13, "sixteen")]
    [InlineData("class=3", 6, "two, four or six")]
    [InlineData("class=0x03", 6, "two, four or six")]
    [InlineData("name=", 5, "1 to 64")]
    public void A_wrong_one_is_refused_at_its_first_wrong_part(string text, int at, string reason)
    {
        Assert.False(DeviceSelector.TryParse(text, out DeviceSelector? selector, out int index, out string said));

        Assert.Null(selector);
        Assert.Equal(at, index);
        Assert.Contains(reason, said, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("id=8086:10d3", "0000:03:00.0 (path=pci0000:00/1c.0/00.0), 0000:04:00.0 (path=pci0000:00/1c.4/00.0)")]
    [InlineData("class=0108", "0000:05:00.0 (path=pci0000:00/1d.0/00.0), 0000:06:00.0 (path=pci0000:00/1d.4/00.0)")]
    public void One_that_fits_several_is_refused_with_all_of_them(string text, string candidates)
    {
        Assert.True(DeviceSelector.TryParse(text, out DeviceSelector? selector, out _, out _));

        BackendException refused = Assert.Throws<BackendException>(() => DeviceChoice.One(selector, () => Host));

        Assert.Equal(BackendFailure.Malformed, refused.Failure);
        Assert.Equal($"{text} fits 2 devices: {candidates}; name the one that is meant by its path", refused.Message);
    }

    [Theory]
    [InlineData("path=pci0000:00/1c.0/00.1", "'pcibackflow devices' prints what fits each")]
    [InlineData("id=8086:10d3/001b21ffff123458", "'pcibackflow devices' prints what fits each")]
    [InlineData("name=wan", "pci-assignable-list -n shows the names")]
    public void One_that_fits_none_says_where_to_look(string text, string remedy)
    {
        Assert.True(DeviceSelector.TryParse(text, out DeviceSelector? selector, out _, out _));

        Assert.Contains(remedy, Assert.Throws<BackendException>(() => DeviceChoice.One(selector, () => Host)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_function_is_touched_only_when_a_serial_number_is_asked_for_and_its_ids_fit()
    {
        int asked = 0;
        DeviceCandidate counted = Host[1] with { ReadSerial = () => (ulong)++asked };

        Assert.False(Selector("id=144d:a808/0000000000000001").Matches(counted));
        Assert.True(Selector("id=8086:10d3").Matches(counted));
        Assert.Equal(0, asked);
        Assert.True(Selector("id=8086:10d3/0000000000000001").Matches(counted));
    }

    [Theory]
    [InlineData("path=x")]
    [InlineData("id=lan")]
    [InlineData("03:00.0")]
    public void A_name_cannot_be_taken_for_a_selector(string name) => Assert.NotNull(DeviceName.FaultOf(name));

    [Fact]
    public void Where_a_bare_name_will_do_a_word_of_no_form_is_one()
    {
        Assert.Equal(new NameSelector("lan"), DeviceSelector.ReadWordOrName("lan"));
        Assert.Equal(new NameSelector("a=b"), DeviceSelector.ReadWordOrName("a=b"));
        Assert.Equal(new ClassSelector(3, 2), DeviceSelector.ReadWordOrName("class=03"));
        Assert.Null(DeviceSelector.ReadWordOrName("class=3"));
    }

    private static DeviceSelector Selector(string text) => DeviceSelector.TryParse(text, out DeviceSelector? selector, out _, out string reason)
        ? selector
        : throw new FormatException(reason);
}
