using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>xl's grammar (xl-pci-configuration(5)), both ways, and where the caret goes.</summary>
public sealed class PciSpecTests
{
    private static readonly PciSpec Plain = new(DeviceSelector.Of(new PciAddress(0, 4, 0, 1)), false, null, false, false, false, false, false);

    public static TheoryData<string, PciSpec> Accepted => new()
    {
        { "04:00.1", Plain },
        { "0000:04:00.1", Plain },
        { "bdf=04:00.1", Plain },
        { "permissive=1,bdf=04:00.1", Plain with { Permissive = true } },
        { "04:00.1@1f", Plain with { VirtualSlot = 0x1F } },
        { "04:00.1@5", Plain with { VirtualSlot = 5 } },
        { "04:00.1,vslot=0A", Plain with { VirtualSlot = 10 } },
        { "04:00.1@0,permissive=1,msitranslate=1,seize=1,power_mgmt=1,rdm_policy=relaxed", new(Plain.Device, false, 0, true, true, true, true, true) },
        { "04:00.1,permissive=0,rdm_policy=strict", Plain },
        { "04:00.*@3", new(DeviceSelector.Of(new PciAddress(0, 4, 0, 0)), true, 3, false, false, false, false, false) },
        { "name=nic", Plain with { Device = new NameSelector("nic") } },
        { "path=pci0000:00/1C.0/00.0,permissive=1", Plain with { Device = new PathSelector("pci0000:00/1c.0/00.0"), Permissive = true } },
        { "vslot=5,id=8086:10d3/00-11-22-ff-ff-33-44-55", Plain with { Device = new IdSelector(0x8086, 0x10D3, null, 0x001122FFFF334455), VirtualSlot = 5 } },
        { "class=0108,seize=1", Plain with { Device = new ClassSelector(0x0108, 4), Seize = true } },
        { "name=my nic,vslot=2,permissive=1", Plain with { Device = new NameSelector("my nic"), VirtualSlot = 2, Permissive = true } },
        { "ffff:ff:1f.7", Plain with { Device = DeviceSelector.Of(new PciAddress(0xFFFF, 0xFF, 0x1F, 7)) } },

        // As libxlu reads them (tools/libs/util/libxlu_pci.c: sscanf's %x, atoi, a loop that ends with the text).
        { "0:4.0", Plain with { Device = DeviceSelector.Of(new PciAddress(0, 0, 4, 0)) } },
        { "00:04.00", Plain with { Device = DeviceSelector.Of(new PciAddress(0, 0, 4, 0)) } },
        { "00000:4:000.01", Plain },
        { "0:04:00.0x1", Plain },
        { "FFFF:FF:1F.7", Plain with { Device = DeviceSelector.Of(new PciAddress(0xFFFF, 0xFF, 0x1F, 7)) } },
        { "4:0.*@3", new(DeviceSelector.Of(new PciAddress(0, 4, 0, 0)), true, 3, false, false, false, false, false) },
        { "04:00.1@0x8", Plain with { VirtualSlot = 8 } },
        { "04:00.1@001", Plain with { VirtualSlot = 1 } },
        { "04:00.1,vslot=0X1f", Plain with { VirtualSlot = 0x1F } },
        { "04:00.1,", Plain },
        { "04:00.1@5,", Plain with { VirtualSlot = 5 } },
        { "bdf=04:00.1,", Plain },
        { "04:00.1,permissive=1,", Plain with { Permissive = true } },
        { "04:00.1,permissive=", Plain },
        { "04:00.1,permissive=,seize=1", Plain with { Seize = true } },
        { "04:00.1,permissive=2,power_mgmt=00", Plain with { Permissive = true } },
        { "04:00.1,rdm_policy=Relaxed", Plain with { IsRelaxed = true } },

        // The examples of xl-pci-configuration(5), with a slot that there is (below).
        { "36:00.0@10,seize=1", Plain with { Device = DeviceSelector.Of(new PciAddress(0, 0x36, 0, 0)), VirtualSlot = 0x10, Seize = true } },
        { "36:00.0,vslot=10,seize=1", Plain with { Device = DeviceSelector.Of(new PciAddress(0, 0x36, 0, 0)), VirtualSlot = 0x10, Seize = true } },
        { "bdf=36:00.0,vslot=10,seize=1", Plain with { Device = DeviceSelector.Of(new PciAddress(0, 0x36, 0, 0)), VirtualSlot = 0x10, Seize = true } },
    };

    public static TheoryData<string, int, string> Refused => new()
    {
        { "", 0, "[DDDD:]BB:SS.F" },
        { "04:00", 5, "" },
        { "04:00.8", 6, "0 to 7" },
        { "04:20.0", 3, "slot" },
        { "10000:04:00.0", 0, "ffff" },
        { "04:00.1@20", 8, "0 to 1f" },
        { "04:00.1@", 8, "0 to 1f" },
        // The manual's own examples: its 20 is hexadecimal, and libxlu refuses it.
        { "36:00.0@20,seize=1", 8, "0 to 1f" },
        { "36:00.0,vslot=20,seize=1", 14, "0 to 1f" },
        { "04:00.1@0x", 8, "0 to 1f" },
        { "04:00.1@5x", 8, "0 to 1f" },
        { ",", 0, "[DDDD:]BB:SS.F" },
        { "04:00.1,,", 8, "key=value" },
        { "04:00.10", 6, "0 to 7" },
        { "04:00.1x", 7, "nothing follows" },
        { "04:00.1,permissive", 18, "key=value" },
        { "04:00.1,permissive=yes", 19, "0 or 1" },
        { "04:00.1,unknown=1", 8, "unknown key" },
        { "04:00.1,Permissive=1", 8, "unknown key" },
        { "04:00.1,seize=1,seize=1", 16, "twice" },
        { "04:00.1@1,vslot=1", 10, "twice" },
        { "04:00.1,bdf=04:00.1", 8, "twice" },
        { "04:00.1,name=x", 8, "not both" },
        { "name=x,bdf=04:00.1", 7, "not both" },
        { "path=00.0", 5, "pciDDDD:BB/SS.F" },
        { "id=8086:10d3,class=02", 13, "by id" },
        { "class=0200@5", 6, "hexadecimal digits" },
        { "name=", 5, "1 to 64" },
        { "name=03:00.0", 5, "is an address" },
        { "permissive=1", 12, "named by" },
        { "seize=1,04:00.1", 15, "key=value" },
        { "04:00.1,rdm_policy=none", 19, "strict or relaxed" },
        { "bdf=04:00.g", 10, "" },
    };

    [Theory]
    [MemberData(nameof(Accepted))]
    public void A_specification_is_read_and_written_back(string text, PciSpec expected)
    {
        Assert.True(PciSpec.TryParse(text, out PciSpec? spec, out int index, out string reason), reason);
        Assert.Equal((expected, -1, ""), (spec, index, reason));
        Assert.Equal(expected, PciSpec.Parse(expected.ToString()));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_wrong_one_is_refused_at_the_wrong_character(string text, int at, string reason)
    {
        Assert.False(PciSpec.TryParse(text, out PciSpec? spec, out int index, out string said));
        Assert.Null(spec);
        Assert.Equal(at, index);
        Assert.Contains(reason, said, StringComparison.Ordinal);
        FormatException error = Assert.Throws<FormatException>(() => PciSpec.Parse(text));
        Assert.Contains($"(character {at + 1})", error.Message, StringComparison.Ordinal);
    }
}
