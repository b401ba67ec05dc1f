using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests;

/// <summary>
/// Something reset a function behind the backend (error recovery of a link, a slow way up from D3hot): with base addresses of 0 it would claim what lies there
/// as soon as a guest switches decoding on. As vfio-pci restores them (drivers/vfio/pci/vfio_pci_config.c, vfio_basic_config_write).
/// </summary>
public sealed class LostAddressTests
{
    private const int Command = ConfigRegisters.Command;
    private const int Rom = 0x30;

    // The sample card's: register, the host's value.
    private static readonly (int Offset, uint Value)[] Addresses = [(0x10, 0xFD00000C), (0x14, 0x12), (0x18, 0xE021), (0x1C, 0xFB000000)];

    private int _told;

    [Theory]
    [InlineData(PolicyProfile.Default)]
    [InlineData(PolicyProfile.Permissive)]
    [InlineData(PolicyProfile.Strict)]
    [InlineData(PolicyProfile.QemuXen)]
    public void Addresses_are_written_back_before_anything_is_switched_on(PolicyProfile profile)
    {
        FilteredGuest guest = Guest(profile);
        Wipe(guest);

        Assert.Equal(AccessStatus.Success, guest.Write(Command, 2, 0x0007));

        Assert.All(Addresses, register => Assert.Equal(register.Value, guest.Raw(register.Offset, 4)));
        Assert.Equal(0x0007u, guest.Raw(Command, 2) & 0x0007);
        Assert.Equal((1L, 1), (guest.Assigned.AddressesLost, _told));
        AssertNothingOnBefore(guest, addresses: 4);
    }

    [Fact]
    public void A_guest_that_had_it_enabled_when_it_was_reset_brings_it_back_whole()
    {
        FilteredGuest guest = Guest();
        guest.Write(Command, 2, 0x0007);
        Wipe(guest);
        guest.Accesses();

        Assert.Equal(AccessStatus.Success, guest.Write(Command, 2, 0x0007));

        Assert.All(Addresses, register => Assert.Equal(register.Value, guest.Raw(register.Offset, 4)));
        Assert.Equal(0x0007u, guest.Raw(Command, 2) & 0x0007);
        AssertNothingOnBefore(guest, addresses: 4);
    }

    // Decoding is on already and only the bus master is switched on: it is off while halves of addresses are written.
    [Fact]
    public void A_function_that_decodes_at_a_wrong_place_stops_that_first()
    {
        FilteredGuest guest = Guest();
        guest.Write(Command, 2, 0x0003);
        guest.Hardware.SetHardware(0x14, 4, 0);
        guest.Accesses();

        Assert.Equal(AccessStatus.Success, guest.Write(Command, 2, 0x0007));

        Assert.Equal(
            [(Command, 0x0000u), (0x14, 0x12u), (Command, 0x0007u)],
            guest.Writes().Select(static write => (write.Offset, write.Value & (write.Offset == Command ? 7 : uint.MaxValue))));
    }

    [Fact]
    public void However_many_are_lost_it_is_stopped_once_and_started_once()
    {
        FilteredGuest guest = Guest();
        guest.Write(Command, 2, 0x0003);
        uint before = guest.Raw(Command, 2);
        Wipe(guest);
        guest.Hardware.SetHardware(Command, 2, before);
        guest.Accesses();

        Assert.Equal(AccessStatus.Success, guest.Write(Command, 2, 0x0007));

        Assert.Equal([Command, .. Addresses.Select(static register => register.Offset), Command], guest.Writes().Select(static write => write.Offset));
    }

    [Theory]
    [InlineData(0x0002)]
    [InlineData(0x0004)]
    [InlineData(0x0007)]
    public void A_function_that_does_not_take_them_stays_off(uint wanted)
    {
        EmulatedFunction card = SampleFunctions.Card();
        FilteredGuest guest = Guest(hardware: card, around: new OddFunction(card) { KeepsAddresses = true });
        Wipe(guest);

        Assert.Equal(AccessStatus.OperationFailed, guest.Write(Command, 2, wanted));

        Assert.Equal(0u, guest.Raw(Command, 2) & 0x0007);
        Assert.False(guest.Assigned.Registers.IsEnabled);
        Assert.Equal(AccessStatus.OperationFailed, guest.Write(Command, 2, wanted));
    }

    [Fact]
    public void What_holds_its_addresses_is_only_read_and_only_when_something_is_switched_on()
    {
        FilteredGuest guest = Guest();
        guest.Hardware.SetHardware(Command, 2, 0);
        guest.Write(Command, 2, 0x0003);
        IReadOnlyList<RecordedAccess> first = guest.Accesses();
        Assert.Equal(Addresses.Select(static register => register.Offset).Append(Rom), first.Where(IsAddress).Select(static access => access.Offset));
        Assert.DoesNotContain(first, static access => access.IsWrite && IsAddress(access));

        guest.Write(Command, 2, 0x0007);
        Assert.Equal(5, guest.Accesses().Count(IsAddress));

        guest.Write(Command, 2, 0x0407);
        guest.Write(Command, 2, 0x0003);
        guest.Write(Command, 2, 0x0000);
        Assert.DoesNotContain(guest.Accesses(), IsAddress);
        Assert.Equal((0L, 0), (guest.Assigned.AddressesLost, _told));
    }

    // Linux does not program the address of an expansion ROM that is not enabled (drivers/pci/setup-res.c).
    [Fact]
    public void An_expansion_ROM_counts_while_it_is_enabled()
    {
        FilteredGuest guest = Guest();
        guest.Hardware.SetHardware(Rom, 4, 0);
        guest.Hardware.SetHardware(Command, 2, 0);
        guest.Write(Command, 2, 0x0007);
        Assert.Equal((0u, 0L), (guest.Raw(Rom, 4), guest.Assigned.AddressesLost));

        guest.Hardware.SetHardware(Rom, 4, 1);
        guest.Hardware.SetHardware(Command, 2, 0);
        guest.Write(Command, 2, 0x0007);
        Assert.Equal((0xF000_0000u, 1L), (guest.Raw(Rom, 4), guest.Assigned.AddressesLost));
    }

    // A virtual function's registers are 0 in hardware, and a legacy IDE controller's ports are in none.
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Where_registers_need_not_hold_the_address_they_are_left_alone(bool isVirtual, bool isFixed)
    {
        EmulatedFunction card = SampleFunctions.Card();
        FilteredGuest guest = Guest(hardware: card, around: new OddFunction(card) { IsVirtual = isVirtual, IsFixed = isFixed });
        Wipe(guest);

        Assert.Equal(AccessStatus.Success, guest.Write(Command, 2, 0x0007));

        Assert.DoesNotContain(guest.Accesses(), IsAddress);
        Assert.Equal(0x0004u, guest.Raw(Command, 2) & 0x0004);
    }

    [Fact]
    public void A_function_that_does_not_answer_any_more_is_left_alone()
    {
        FilteredGuest guest = Guest();
        guest.Write(Command, 2, 0x0003);
        guest.Hardware.Faults.Inject(FaultKind.AllOnes);
        guest.Accesses();
        Assert.Equal(AccessStatus.Success, guest.Write(Command, 2, 0x0007));
        Assert.Empty(guest.Writes());
    }

    private static bool IsAddress(RecordedAccess access) => access.Offset is >= 0x10 and < 0x34;

    private static void Wipe(FilteredGuest guest)
    {
        guest.Hardware.SetHardware(Command, 2, 0);
        foreach ((int offset, uint value) in Addresses)
        {
            guest.Hardware.SetHardware(offset, 4, offset == 0x14 ? 0 : value & 0xF & (offset == 0x18 ? 3u : 0xFu));
        }
    }

    private static void AssertNothingOnBefore(FilteredGuest guest, int addresses)
    {
        int written = 0;
        foreach (RecordedAccess write in guest.Writes())
        {
            written += IsAddress(write) ? 1 : 0;
            Assert.True(write.Offset != Command || (write.Value & 7) == 0 || written == addresses, "switched on over lost addresses");
        }
    }

    private FilteredGuest Guest(PolicyProfile profile = PolicyProfile.Default, EmulatedFunction? hardware = null, IPciFunction? around = null)
    {
        FilteredGuest guest = new(hardware ?? SampleFunctions.Card(), AccessPolicy.For(profile), around: around);
        guest.Assigned.FoundAddressesLost = () => _told++;
        return guest;
    }

    /// <summary>A function that keeps its base addresses as they are, or of which the host says something else than they do.</summary>
    private sealed class OddFunction(EmulatedFunction inner) : DelegatingFunction(inner)
    {
        public bool KeepsAddresses { get; init; }

        public bool IsVirtual { get; init; }

        public bool IsFixed { get; init; }

        public override bool IsVirtualFunction => IsVirtual;

        public override IReadOnlyList<BaseAddress> BaseAddresses => [.. Inner.BaseAddresses.Select(address => address with { IsFixed = IsFixed })];

        public override bool TryWrite(int offset, int size, uint value) =>
            (KeepsAddresses && offset is >= 0x10 and < 0x34) || Inner.TryWrite(offset, size, value);
    }
}
