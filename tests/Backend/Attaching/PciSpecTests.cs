using PciBackFlow.Backend.Attaching;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>xl's grammar (xl-pci-configuration(5)), both ways, and where the caret goes.</summary>
public sealed class PciSpecTests
{
    private static readonly PciSpec Plain = new(new PciAddress(0, 4, 0, 1), null, false, null, false, false, false, false, false);

    public static TheoryData<string, PciSpec> Accepted => new()
    {
        { "04:00.1", Plain },
        { "0000:04:00.1", Plain },
        { "bdf=04:00.1", Plain },
        { "permissive=1,bdf=04:00.1", Plain with { Permissive = true } },
        { "04:00.1@1f", Plain with { VirtualSlot = 0x1F } },
        { "04:00.1@5", Plain with { VirtualSlot = 5 } },
        { "04:00.1,vslot=0A", Plain with { VirtualSlot = 10 } },
        { "04:00.1@0,permissive=1,msitranslate=1,seize=1,power_mgmt=1,rdm_policy=relaxed", new(Plain.Address, null, false, 0, true, true, true, true, true) },
        { "04:00.1,permissive=0,rdm_policy=strict", Plain },
        { "04:00.*@3", new(new PciAddress(0, 4, 0, 0), null, true, 3, false, false, false, false, false) },
        { "name=nic", Plain with { Address = null, Name = "nic" } },
        { "name=my nic,vslot=2,permissive=1", Plain with { Address = null, Name = "my nic", VirtualSlot = 2, Permissive = true } },
        { "ffff:ff:1f.7", Plain with { Address = new PciAddress(0xFFFF, 0xFF, 0x1F, 7) } },
    };

    public static TheoryData<string, int, string> Refused => new()
    {
        { "", 0, "address" },
        { "04:00", 5, "" },
        { "04:00.8", 6, "0 to 7" },
        { "04:20.0", 3, "slot" },
        { "10000:04:00.0", 0, "ffff" },
        { "04:00.1@20", 8, "0 to 1f" },
        { "04:00.1@", 8, "0 to 1f" },
        { "04:00.1@001", 8, "0 to 1f" },
        { "04:00.1,", 8, "key=value" },
        { "04:00.1,permissive", 18, "key=value" },
        { "04:00.1,permissive=2", 19, "0 or 1" },
        { "04:00.1,permissive=", 19, "0 or 1" },
        { "04:00.1,unknown=1", 8, "unknown key" },
        { "04:00.1,Permissive=1", 8, "unknown key" },
        { "04:00.1,seize=1,seize=1", 16, "twice" },
        { "04:00.1@1,vslot=1", 10, "twice" },
        { "04:00.1,bdf=04:00.1", 8, "twice" },
        { "04:00.1,name=x", 8, "not both" },
        { "name=x,bdf=04:00.1", 7, "not both" },
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
