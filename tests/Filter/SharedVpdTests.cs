using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Emulated;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests;

/// <summary>One VPD address register for all functions of a package: a guest's address would be seen, and changed, by another one's.</summary>
public sealed class SharedVpdTests
{
    private const int Address = Vpd + 2;

    public static TheoryData<PolicyProfile, int> Others()
    {
        var cases = new TheoryData<PolicyProfile, int>();
        foreach (PolicyProfile profile in Enum.GetValues<PolicyProfile>())
        {
            cases.Add(profile, 1);
            cases.Add(profile, 7);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Others))]
    public void A_guest_of_another_function_than_the_first_neither_sees_nor_moves_the_address(PolicyProfile profile, int number)
    {
        PolicyRule[] rules = [new() { Offset = Vpd, Size = 4 }, new() { Offset = Vpd + 4, Size = 4 }];
        AccessPolicy policy = AccessPolicy.For(profile) with { Rules = rules };
        var guest = new FilteredGuest(CardBuilder().Set(Address, 2, 0x0123).Build(new PciAddress(0, 3, 0, (byte)number)), policy);

        foreach ((int offset, int size) in new[] { (Vpd, 4), (Address, 2), (Address, 1), (Address + 1, 1), (Vpd + 4, 4) })
        {
            Assert.Equal(0u, guest.Read(offset, size));
            guest.Write(offset, size, 0x0004_0004);
        }

        Assert.Empty(guest.Writes());
        Assert.Equal(0x0123u, guest.Raw(Address, 2));

        // Its list goes from the capability before to the one behind.
        Assert.Equal((uint)Vendor, guest.Read(Msix + 1, 1));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0)]
    public void The_first_function_of_a_slot_has_it(int slot, int number)
    {
        var guest = new FilteredGuest(Card(slot, number).Build(new PciAddress(0, 3, (byte)slot, (byte)number)));

        Assert.True(HasVpd(guest));
    }

    // With alternative routing 03:05.0 is function 40 of the package at 03:00.
    [Theory]
    [InlineData(0, true)]
    [InlineData(5, false)]
    public void Functions_are_counted_by_eight_bits_where_the_device_says_so(int slot, bool isFirst)
    {
        EmulatedFunction card = CardBuilder().Extended(0x1C0, ExtendedCapabilityId.AlternativeRouting, 1, new byte[4])
            .Build(new PciAddress(0, 3, (byte)slot, 0));

        Assert.Equal(isFirst, HasVpd(new FilteredGuest(card)));
    }

    [Fact]
    public void It_is_said_why()
    {
        var guest = new FilteredGuest(CardBuilder().Build(new PciAddress(0, 3, 0, 1)));

        Assert.Contains("function 0's", guest.Assigned.Map.Rows.Single(static row => row.Offset == Address).Text, StringComparison.Ordinal);
    }

    private static EmulatedFunctionBuilder Card(int slot, int number) => CardBuilder().Set(0x0E, 1, slot + number == 0 ? 0x80u : 0u);

    private static bool HasVpd(FilteredGuest guest)
    {
        guest.Write(Address, 2, 0x0004);
        return guest.Read(Msix + 1, 1) == Vpd && guest.Writes().Count > 0;
    }
}
