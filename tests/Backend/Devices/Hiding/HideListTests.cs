using PciBackFlow.Backend.Devices.Hiding;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Hiding;

public sealed class HideListTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("(0000:03:00.0)", "(0000:03:00.0)")]
    [InlineData("(03:00.0)", "(0000:03:00.0)")]
    [InlineData(" (0001:3:1f.7) (04:00.*)\n", "(0001:03:1f.7)(0000:04:00.*)")]
    [InlineData("(05:*.*)(0002:05:*.*)", "(0000:05:*.*)(0002:05:*.*)")]
    [InlineData("( 0x0:0X4:5.0 )", "(0000:04:05.0)")]
    [InlineData("(ffff:e1:00.0)", "(ffff:e1:00.0)")]
    [InlineData("(0:3:0.0) (0000000000:003:00.07)", "(0000:03:00.0)(0000:03:00.7)")]
    [InlineData("(0X0003:04.0x1)", "(0000:03:04.1)")]
    // As people write it on command lines.
    [InlineData("(03:00.0)(04:00.0)", "(0000:03:00.0)(0000:04:00.0)")]
    [InlineData("(00:02.0)(0000:00:1b.0)", "(0000:00:02.0)(0000:00:1b.0)")]
    public void What_xen_pciback_accepts_is_read(string text, string items)
    {
        var list = HideList.Parse(text);

        Assert.Equal(items, list.ToString());
        Assert.Empty(list.Complaints);
        Assert.Equal(items, HideList.Parse(list.ToString()).ToString());
    }

    // The typo of the first row made xen-pciback hide nothing on hosts that upgraded (xcp-ng/xcp issue 414).
    [Theory]
    [InlineData("(0000:82.0.0)(0000:03:00.0)", 8, "(0000:82.0.0)", "(0000:03:00.0)")]
    [InlineData("(03:00.0),(04:00.0)", 9, ",", "(0000:03:00.0)(0000:04:00.0)")]
    [InlineData("03:00.0 (04:00.0)", 0, "03:00.0", "(0000:04:00.0)")]
    [InlineData("(03:00.0(04:00.0)", 8, "(03:00.0", "(0000:04:00.0)")]
    [InlineData("(04:00.0)(03:00.0", 17, "(03:00.0", "(0000:04:00.0)")]
    [InlineData("(03:20.0)(04:00.0)", 4, "(03:20.0)", "(0000:04:00.0)")]
    [InlineData("(03:00.8)(04:00.0)", 7, "(03:00.8)", "(0000:04:00.0)")]
    [InlineData("(103:00.0)(04:00.0)", 1, "(103:00.0)", "(0000:04:00.0)")]
    [InlineData("(03:*.0)(04:00.0)", 6, "(03:*.0)", "(0000:04:00.0)")]
    [InlineData("()(04:00.0)", 1, "()", "(0000:04:00.0)")]
    [InlineData("(", 1, "(", "")]
    [InlineData("(100000000:00:00.0)", 1, "(100000000:00:00.0)", "")]
    [InlineData("(10000:e1:00.0)(04:00.0)", 1, "(10000:e1:00.0)", "(0000:04:00.0)")]
    [InlineData("( 0x10000:e1:*.*)", 2, "( 0x10000:e1:*.*)", "")]
    public void A_wrong_item_is_named_with_its_place_and_the_others_hold(string text, int index, string skipped, string items)
    {
        var list = HideList.Parse(text);

        HideComplaint complaint = Assert.Single(list.Complaints);
        Assert.Equal((index, skipped), (complaint.Index, complaint.Item));
        Assert.NotEmpty(complaint.Reason);
        Assert.Equal(items, list.ToString());
    }

    [Theory]
    [InlineData("(03:00.0)", "03:00.0", true)]
    [InlineData("(03:00.0)", "03:00.1", false)]
    [InlineData("(03:00.*)", "03:00.1", true)]
    [InlineData("(03:00.*)", "03:01.0", false)]
    [InlineData("(03:*.*)", "03:1f.7", true)]
    [InlineData("(03:*.*)", "0001:03:1f.7", false)]
    public void Wildcards_cover_a_slot_or_a_bus(string text, string address, bool isCovered) =>
        Assert.Equal(isCovered, HideList.Parse(text).On([At(address)]).Covers(PciAddress.Parse(address)));

    [Fact]
    public void A_bridge_covers_what_is_below_it() =>
        Assert.True(HideList.Parse("(00:1c.0)").On([At("00:1c.0"), At("03:00.0")]).Covers(PciAddress.Parse("03:00.0"), PciAddress.Parse("00:1c.0")));

    [Theory]
    [InlineData("root=/dev/vda quiet", "")]
    [InlineData("xen-pciback.hide=(03:00.0)(04:00.0) quiet", "(0000:03:00.0)(0000:04:00.0)")]
    [InlineData("xen_pciback.hide=(03:00.0)", "(0000:03:00.0)")]
    [InlineData("pcibackflow.hide=\"(03:00.0) (04:00.0)\" quiet", "(0000:03:00.0)(0000:04:00.0)")]
    [InlineData("\"pciback.hide=(03:00.0) (04:00.0)\"", "(0000:03:00.0)(0000:04:00.0)")]
    [InlineData("xen-pciback.hide=(03:00.0) xen-pciback.hide=(04:00.0)", "(0000:04:00.0)")]
    [InlineData("xen-pciback.hide=(03:00.0) pcibackflow.hide=(04:00.0)", "(0000:04:00.0)(0000:03:00.0)")]
    [InlineData("notxen-pciback.hide=(03:00.0)", "")]
    public void The_list_is_found_on_the_kernels_command_line(string line, string items) =>
        Assert.Equal(items, HideList.FromCommandLine(line).ToString());

    [Fact]
    public void Of_two_devices_alike_none_is_hidden_and_both_are_named()
    {
        HideChoice choice = HideList.Parse("(class=02)").On([At("03:00.0"), At("04:00.0")]);

        Assert.False(choice.Covers(PciAddress.Parse("03:00.0")));
        Assert.Equal(
            "(class=02) fits 2 functions, so that none is hidden: 0000:03:00.0 (path=pci0000:03/00.0), 0000:04:00.0 (path=pci0000:04/00.0); "
            + "name the one that is meant by its path",
            Assert.Single(choice.Remarks));
    }

    private static DeviceCandidate At(string text)
    {
        var address = PciAddress.Parse(text);
        return new(address, $"pci0000:{address.Bus:x2}/{address.Slot:x2}.{address.Function:x}", 0x8086, 0x10D3, 0, 0, 0x020000);
    }

    [Fact]
    public void No_text_at_all_makes_the_parser_throw_or_loop()
    {
        const string Alphabet = "()0f:.* ,xid=/";
        Random random = new(7);
        for (int i = 0; i < 20_000; i++)
        {
            char[] text = new char[random.Next(24)];
            for (int j = 0; j < text.Length; j++)
            {
                text[j] = Alphabet[random.Next(Alphabet.Length)];
            }

            var list = HideList.Parse(new(text));
            Assert.True(list.Items.Count + list.Complaints.Count <= text.Length);
            Assert.All(list.Complaints, complaint => Assert.InRange(complaint.Index, 0, text.Length));
        }
    }
}
