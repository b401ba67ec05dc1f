using PciBackFlow.Backend.Devices.Hiding;
using PciBackFlow.Hardware.Pci;

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
    [InlineData("(10000:e1:00.0)", "(10000:e1:00.0)")]
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
        Assert.Equal(isCovered, HideList.Parse(text).Covers(PciAddress.Parse(address)));

    [Fact]
    public void A_bridge_covers_what_is_below_it() =>
        Assert.True(HideList.Parse("(00:1c.0)").Covers(PciAddress.Parse("03:00.0"), PciAddress.Parse("00:1c.0")));

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
    public void No_text_at_all_makes_the_parser_throw_or_loop()
    {
        const string Alphabet = "()0f:.* ,x";
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
