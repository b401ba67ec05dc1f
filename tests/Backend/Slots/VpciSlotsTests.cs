using PciBackFlow.Backend.Slots;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Slots;

/// <summary>The placement rules of Linux's drivers/xen/xen-pciback/vpci.c, and where this one is better.</summary>
public sealed class VpciSlotsTests
{
    /// <summary>Host functions in order of addition (v = virtual function), and where a guest sees them.</summary>
    [Theory]
    [InlineData("0:03:00.0 0:03:00.1 0:04:00.0", "00:00.0 00:00.1 00:01.0")]
    [InlineData("0:04:00.1", "00:00.1")]
    [InlineData("0:05:10.0v 0:05:10.2v 0:05:10.1v", "00:00.0 00:01.2 00:01.1")]
    [InlineData("1:03:00.0 0:03:00.1", "00:00.0 00:01.1")]
    [InlineData("0:05:10.2v 0:05:10.0v", "00:00.2 00:01.0")]
    [InlineData("10000:e1:00.0 0:e1:00.1", "00:00.0 00:01.1")]
    public void Functions_are_placed_as_the_vectors_say(string hosts, string guests)
    {
        VpciSlots slots = new();
        IEnumerable<string> placed = hosts.Split(' ').Select(text => slots.Add(Request(text)).Guest.ToString()[5..]);
        Assert.Equal(guests, string.Join(' ', placed));
    }

    [Fact]
    public void The_33rd_single_function_device_is_refused_and_a_freed_slot_is_used_again()
    {
        VpciSlots slots = new();
        for (byte bus = 0; bus < 32; bus++)
        {
            Assert.True(slots.Add(new(new(0, bus, 0, 0), false, 2, null)).IsPlaced);
        }

        SlotResult refused = slots.Add(new(new(0, 32, 0, 0), false, 2, null));
        Assert.Contains("no more space", refused.Refusal, StringComparison.Ordinal);

        slots.Remove(new(0, 7, 0, 0));
        Assert.Equal(new PciAddress(0, 0, 7, 0), slots.Add(new(new(0, 32, 0, 0), false, 2, null)).Guest);
    }

    [Fact]
    public void A_bridge_is_refused()
    {
        Assert.False(new VpciSlots().Add(new(new(0, 0, 0x1C, 0), false, 6, null)).IsPlaced);
        Assert.False(new PassthroughSlots().Add(new(new(0, 0, 0x1C, 0), false, 6, null)).IsPlaced);
    }

    [Fact]
    public void A_function_added_again_keeps_its_place()
    {
        VpciSlots slots = new();
        slots.Add(new(new(0, 3, 0, 0), false, 2, null));
        SlotResult first = slots.Add(new(new(0, 4, 0, 0), false, 2, null));
        slots.Remove(new(0, 3, 0, 0));
        Assert.Equal(first.Guest, slots.Add(new(new(0, 4, 0, 0), false, 2, null)).Guest);
    }

    [Fact]
    public void A_requested_slot_is_honoured_when_free()
    {
        VpciSlots slots = new();
        SlotResult placed = slots.Add(new(new(0, 4, 0, 1), false, 2, Requested: 0x28));
        Assert.Equal(new PciAddress(0, 0, 5, 0), placed.Guest);
        Assert.Null(placed.Note);
    }

    [Fact]
    public void A_requested_slot_that_is_taken_falls_back_and_says_so()
    {
        VpciSlots slots = new();
        slots.Add(new(new(0, 3, 0, 0), false, 2, Requested: 0x28));
        SlotResult placed = slots.Add(new(new(0, 4, 0, 0), false, 2, Requested: 0x28));
        Assert.Equal(new PciAddress(0, 0, 0, 0), placed.Guest);
        Assert.Contains("05.0 is taken", placed.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_requested_slot_that_a_sibling_has_is_shared_with_it()
    {
        VpciSlots slots = new();
        slots.Add(new(new(0, 4, 0, 0), false, 2, Requested: 0x28));
        SlotResult placed = slots.Add(new(new(0, 4, 0, 1), false, 2, Requested: 0x28));
        Assert.Equal((new PciAddress(0, 0, 5, 1), null), (placed.Guest, placed.Note));
    }

    /// <summary>Lone functions (l) become function 0 of a slot of their own, and keep their number beside a sibling.</summary>
    [Theory]
    [InlineData("0:04:00.1l", "00:00.0")]
    [InlineData("0:04:00.0 0:04:00.1l", "00:00.0 00:00.1")]
    [InlineData("0:04:00.1l 0:04:00.2l", "00:00.0 00:00.2")]
    [InlineData("0:05:10.2vl 0:05:10.4vl", "00:00.0 00:01.0")] // the header of a virtual function says that it has no sibling
    public void A_function_that_is_said_to_be_lone_becomes_function_0(string hosts, string guests)
    {
        VpciSlots slots = new();
        IEnumerable<string> placed = hosts.Split(' ').Select(
            text => slots.Add(Request(text.TrimEnd('l')) with { IsLone = text.EndsWith('l') }).Guest.ToString()[5..]);
        Assert.Equal(guests, string.Join(' ', placed));
    }

    [Fact]
    public void Nobody_is_put_beside_a_virtual_function_that_was_made_function_0()
    {
        VpciSlots slots = new();
        slots.Add(new(new(0, 5, 0x10, 2), true, 2, Requested: 0x28));
        Assert.Equal(new PciAddress(0, 0, 0, 4), slots.Add(new(new(0, 5, 0x10, 4), true, 2, null)).Guest);
    }

    [Fact]
    public void Siblings_whose_numbers_collide_after_a_request_get_different_slots()
    {
        VpciSlots slots = new();
        slots.Add(new(new(0, 4, 0, 1), false, 2, Requested: 0x00));
        Assert.Equal(new PciAddress(0, 0, 1, 0), slots.Add(new(new(0, 4, 0, 0), false, 2, null)).Guest);
    }

    [Fact]
    public void Passthrough_keeps_addresses_and_every_bus_is_a_root_once()
    {
        PassthroughSlots slots = new();
        foreach (string text in new[] { "0:03:00.0", "0:03:00.1", "1:04:10.2", "0:05:00.0" })
        {
            Assert.Equal(Parse(text), slots.Add(Request(text)).Guest);
        }

        Assert.Equal([new PciBus(0, 3), new PciBus(1, 4), new PciBus(0, 5)], slots.Roots());
        slots.Remove(Parse("1:04:10.2"));
        Assert.Equal([new PciBus(0, 3), new PciBus(0, 5)], slots.Roots());
    }

    private static SlotRequest Request(string text) => new(Parse(text), text.EndsWith('v'), BaseClass: 2, Requested: null);

    private static PciAddress Parse(string text)
    {
        Assert.True(Backend.Xenstore.StoreFormats.TryParseAddress(text, out PciAddress address));
        return address;
    }
}
