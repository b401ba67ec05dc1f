using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Pci.Tests.Capabilities;

public class CapabilityWalkTests
{
    /// <summary>Bytes "offset=hex.." put into a 4096-byte space whose Status has the list bit; what is found, what is reported.</summary>
    public static TheoryData<string, string, string, string> Lists => new()
    {
        { "none: pointer 0", "", "", "" },
        { "two in a row", "34=40 40=0148 48=0500", "01@40 05@48", "" },
        { "low bits of the pointer are masked and said (PCI 3.0 6.7)", "34=43 40=0100", "01@40", "Unaligned@34" },
        { "only low bits: ends", "34=02", "", "Unaligned@34" },
        { "loop to itself", "34=40 40=0140", "01@40", "Loop@41" },
        { "loop of two", "34=40 40=0148 48=0540", "01@40 05@48", "Loop@49" },
        { "into the header", "34=3c", "", "IntoHeader@34" },
        { "all ones behind", "34=40 40=0150 50=ffff", "01@40", "AllOnes@41" },
        { "last place", "34=fc fc=0900", "09@fc", "" },
        { "unknown id stays", "34=40 40=7700", "77@40", "" },
        { "extended: two", "100=01000114 140=0e000100", "0001@100 000e@140", "" },
        { "extended: null header with next", "100=00000014 140=0e000100", "0000@100 000e@140", "" },
        { "extended: none, all ones", "100=ffffffff", "", "" },
        { "extended: loop", "100=01000110", "0001@100", "Loop@100" },
        { "extended: unaligned next ends", "100=01002114", "0001@100", "Unaligned@100" },
        { "extended: below 0x100", "100=01000104", "0001@100", "IntoHeader@100" },
        { "extended: all ones behind", "100=01000114 140=ffffffff", "0001@100", "AllOnes@100" },
        { "extended: zeros behind", "100=01000114", "0001@100", "" },
        { "extended: last dword", "100=0100c1ff ffc=0e000100", "0001@100 000e@ffc", "" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void A_list_is_walked_to_its_end_or_its_defect(string why, string bytes, string found, string defects)
    {
        Assert.NotEmpty(why);
        CapabilityList list = CapabilityWalk.Read(new ConfigImage(Space(bytes, 4096)));
        Assert.Equal(found, string.Join(' ', list.Capabilities.Select(c => $"{c.Id.ToString(c.IsExtended ? "x4" : "x2")}@{c.Offset:x}")));
        Assert.Equal(defects, string.Join(' ', list.Defects.Select(d => $"{d.Kind}@{d.At:x}")));
        Assert.All(list.Defects, d => Assert.NotEmpty(d.ToString()));
    }

    [Fact]
    public void A_list_behind_what_can_be_read_is_reported_as_truncated()
    {
        CapabilityList list = CapabilityWalk.Read(new ConfigImage(Space("34=40 40=0100", 256), 64));
        Assert.Empty(list.Capabilities);
        Assert.Equal(new CapabilityListDefect(CapabilityListDefectKind.Truncated, false, 0x34, 0x40), Assert.Single(list.Defects));
    }

    [Fact]
    public void The_longest_lists_are_walked_whole_and_then_end()
    {
        byte[] bytes = Space("34=40", 4096);
        for (int at = 0x40; at < 0x100; at += 4)
        {
            (bytes[at], bytes[at + 1]) = (9, (byte)(at == 0xFC ? 0x40 : at + 4));
        }

        for (int at = 0x100; at < 0x1000; at += 4)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(at), 0x1000Bu | ((uint)(at + 4) << 20));
        }

        CapabilityList list = CapabilityWalk.Read(new ConfigImage(bytes));
        Assert.Equal(CapabilityWalk.MaxStandard, list.Capabilities.Count(c => !c.IsExtended));
        Assert.Equal(CapabilityWalk.MaxExtended, list.Capabilities.Count(c => c.IsExtended));
        Assert.Equal([CapabilityListDefectKind.Loop, CapabilityListDefectKind.TooMany], list.Defects.Select(d => d.Kind));
    }

    [Fact]
    public void Without_the_status_bit_there_is_no_list()
    {
        byte[] bytes = Space("34=40 40=0100", 256);
        bytes[6] = 0;
        Assert.Empty(CapabilityWalk.Read(new ConfigImage(bytes)).Capabilities);
    }

    [Theory]
    [InlineData("34=40 40=0500 42=0000", 10)]
    [InlineData("34=40 40=0500 42=8000", 14)]
    [InlineData("34=40 40=0500 42=0001", 20)]
    [InlineData("34=40 40=0500 42=8001", 24)]
    [InlineData("34=40 40=1000 42=0100", 0x14)]
    [InlineData("34=40 40=1000 42=4100", 0x24)]
    [InlineData("34=40 40=1000 42=0200", 0x3C)]
    [InlineData("34=40 40=1000 42=9200", 0x2C)]
    [InlineData("34=40 40=0900 42=18", 0x18)]
    [InlineData("34=f0 f0=0900 f2=ff", 16)]
    [InlineData("34=40 40=7700", 0)]
    public void A_capabilitys_size_follows_from_its_header(string bytes, int size)
    {
        var image = new ConfigImage(Space(bytes, 256));
        Assert.Equal(size, CapabilitySize.Of(image, CapabilityWalk.Read(image).Capabilities[0]));
    }

    [Fact]
    public void Every_named_id_has_names_that_lead_back()
    {
        foreach (CapabilityId id in Enum.GetValues<CapabilityId>().Where(id => id != CapabilityId.Null))
        {
            Assert.True(CapabilityNames.TryFind(CapabilityNames.ShortOf(id), out CapabilityId found));
            Assert.Equal(id, found);
        }

        foreach (ExtendedCapabilityId id in Enum.GetValues<ExtendedCapabilityId>().Where(id => id != ExtendedCapabilityId.Null))
        {
            Assert.True(CapabilityNames.TryFind(CapabilityNames.ShortOf(id), out ExtendedCapabilityId found));
            Assert.Equal(id, found);
        }

        Assert.Equal("capability 0x7f", CapabilityNames.Of((CapabilityId)0x7F));
    }

    internal static byte[] Space(string bytes, int size)
    {
        byte[] space = new byte[size];
        space[6] = 0x10;
        foreach (string part in bytes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = part.Split('=');
            Convert.FromHexString(sides[1]).CopyTo(space, Convert.ToInt32(sides[0], 16));
        }

        return space;
    }
}
