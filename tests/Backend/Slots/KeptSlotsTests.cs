using PciBackFlow.Backend.Slots;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Slots;

/// <summary>What a guest has from an earlier daemon stays where it is, whichever rule put it there.</summary>
public sealed class KeptSlotsTests
{
    private static readonly PciAddress Host = new(0, 3, 0, 0);
    private static readonly PciAddress Other = new(0, 4, 0, 0);

    public static TheoryData<ISlotAllocator, string> Places => new()
    {
        { new VpciSlots(), "0000:00:00.0" },
        { new VpciSlots(), "0000:00:1f.3" },
        { new VpciSlots(), "0000:03:00.0" },
        { new PassthroughSlots(), "0000:03:00.0" },
        { new PassthroughSlots(), "0000:00:05.0" },
        { new PassthroughSlots(), "0000:04:00.0" },
    };

    [Theory]
    [MemberData(nameof(Places), DisableDiscoveryEnumeration = true)]
    public void A_function_is_put_back_where_its_guest_knows_it(ISlotAllocator rule, string place)
    {
        KeptSlots slots = new(rule);
        var guest = PciAddress.Parse(place);

        Assert.Equal(guest, slots.Restore(Request(Host), guest).Guest);

        Assert.Contains(new PciBus(guest.Domain, guest.Bus), slots.Roots());
        Assert.Equal(guest, slots.Add(Request(Host)).Guest);
    }

    [Theory]
    [InlineData("0000:00:00.0", "0000:00:01.0")]
    [InlineData("0000:03:00.0", "0000:00:00.0")]
    public void What_comes_later_is_placed_by_the_rule_beside_it(string place, string next)
    {
        KeptSlots slots = new(new VpciSlots());
        slots.Restore(Request(Host), PciAddress.Parse(place));

        Assert.Equal(PciAddress.Parse(next), slots.Add(Request(Other)).Guest);
    }

    [Fact]
    public void A_place_that_is_kept_is_given_to_nobody_else_until_it_is_free()
    {
        KeptSlots slots = new(new PassthroughSlots());
        slots.Restore(Request(Host), Other);

        Assert.Contains("from an earlier daemon", slots.Add(Request(Other)).Refusal, StringComparison.Ordinal);
        Assert.Equal([new PciBus(0, 4)], slots.Roots());

        slots.Remove(Host);
        Assert.Equal(Other, slots.Add(Request(Other)).Guest);
    }

    [Fact]
    public void What_no_guest_can_have_is_not_put_back()
    {
        KeptSlots slots = new(new VpciSlots());
        Assert.False(slots.Restore(new(Host, IsVirtualFunction: false, BaseClass: 6, Requested: null), Other).IsPlaced);
    }

    private static SlotRequest Request(PciAddress host) => new(host, IsVirtualFunction: false, BaseClass: 2, Requested: null);
}
