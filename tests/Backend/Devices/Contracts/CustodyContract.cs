using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Contracts;

/// <summary>What holds for every custody of devices, whatever its devices are made of. Two network cards are held when a test begins.</summary>
public abstract class CustodyContract : IDisposable
{
    protected static readonly PciAddress First = PciAddress.Parse("03:00.0");
    protected static readonly PciAddress Second = PciAddress.Parse("04:00.0");

    private const int Absent = 0x7F;

    /// <summary>The custody under test.</summary>
    protected abstract IDeviceCustody Custody { get; }

    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Held_devices_are_listed_by_address_and_found_by_address_in_either_form()
    {
        Assert.Equal([First, Second], Custody.Held().Select(static device => device.Address));
        Assert.Equal(First, Custody.Find("03:00.0")?.Address);
        Assert.Equal(First, Custody.Find("0000:03:00.0")?.Address);
        Assert.Null(Custody.Find("7f:00.0"));
        Assert.Null(Custody.Find("nobody"));
        Assert.All(
            Custody.Held(),
            static device => Assert.Equal((null, null, null, 0x8086), (device.Name, device.OwnerDomain, device.Unusable, device.VendorId)));
    }

    [Fact]
    public void Taking_a_held_device_changes_its_name_alone()
    {
        Assert.Equal("wan", Custody.Take(First, "wan", force: false).Name);
        Assert.Equal(First, Custody.Find("wan")?.Address);

        Assert.Equal("my lan", Custody.Take(First, "my lan", force: false).Name);
        Assert.Null(Custody.Find("wan"));
        Assert.Equal("my lan", Custody.Take(First, "my lan", force: false).Name);
        Assert.Null(Custody.Take(First, null, force: false).Name);
        Assert.Equal(2, Custody.Held().Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\tb")]
    [InlineData("ä")]
    [InlineData("a,b")]
    [InlineData("04:00.0")]
    [InlineData("0000:09:00.0")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void What_could_not_be_attached_by_name_is_no_name(string name)
    {
        Assert.Equal(BackendFailure.Malformed, Assert.Throws<BackendException>(() => Custody.Take(First, name, force: true)).Failure);
        Assert.Null(Custody.Find("03:00.0")!.Name);
    }

    [Fact]
    public void Two_devices_have_two_names()
    {
        Custody.Take(First, "wan", force: false);

        BackendException refused = Assert.Throws<BackendException>(() => Custody.Take(Second, "wan", force: true));

        Assert.Equal(BackendFailure.Malformed, refused.Failure);
        Assert.Contains(First.ToString(), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_is_one_guests_at_a_time()
    {
        FunctionClaim claim = Custody.Functions.Claim(5, First);
        Assert.True(claim.IsGranted, claim.Refusal?.Reason);
        Assert.Equal(First, claim.Function.Address);
        Assert.Equal(5, Custody.Find("03:00.0")!.OwnerDomain);

        Assert.Same(claim.Function, Custody.Functions.Claim(5, First).Function);
        Assert.Contains("domain 5", Custody.Functions.Claim(6, First).Refusal?.Reason, StringComparison.Ordinal);
        Assert.True(Custody.Functions.Claim(6, Second).IsGranted);

        Custody.Functions.Release(6, First);
        Assert.Equal(5, Custody.Find("03:00.0")!.OwnerDomain);
        Custody.Functions.Release(5, First);
        Custody.Functions.Release(5, First);
        Assert.Null(Custody.Find("03:00.0")!.OwnerDomain);
        Assert.True(Custody.Functions.Claim(6, First).IsGranted);
    }

    [Fact]
    public void The_end_of_a_release_is_told_once_when_the_device_is_nobodys()
    {
        List<(PciAddress Device, int? Owner)> told = [];
        Custody.Released += device => told.Add((device, Custody.Find("03:00.0")!.OwnerDomain));
        Claimed(5, First);

        Custody.Functions.Release(6, First);
        Assert.Empty(told);
        Custody.Functions.Release(5, First);
        Custody.Functions.Release(5, First);

        Assert.Equal([(First, null)], told);
    }

    [Fact]
    public void What_is_not_held_nobody_gets_and_giving_it_back_is_done_already()
    {
        PciAddress absent = new(0, Absent, 0, 0);

        Assert.False(Custody.Functions.Claim(5, absent).IsGranted);
        Custody.Functions.Release(5, absent);
        Assert.Equal(BackendFailure.Failed, Assert.Throws<BackendException>(() => Custody.MakeReady(absent)).Failure);
        Assert.Equal(BackendFailure.Failed, Assert.Throws<BackendException>(() => Custody.Reset(absent)).Failure);
        Custody.Stop(absent);
        Custody.GiveBack(absent, rebind: true, force: false);
        Assert.Equal(0, Custody.LineOf(absent));
        Assert.Throws<IOException>(() => Custody.BaseAddressesOf(absent));
    }

    [Fact]
    public void A_device_that_a_guest_has_is_neither_given_back_nor_made_ready_nor_reset()
    {
        IPciFunction function = Claimed(5, First);
        Assert.True(function.TryWrite(ConfigRegisters.Command, 2, CommandBits.BusMaster | CommandBits.Memory));

        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => Custody.GiveBack(First, rebind: false, force: false)).Failure);
        Assert.Equal(BackendFailure.Failed, Assert.Throws<BackendException>(() => Custody.MakeReady(First)).Failure);
        Custody.Reset(First);
        Custody.Stop(First);

        Assert.True(IsMaster(function));
        Assert.Equal(5, Custody.Find("03:00.0")!.OwnerDomain);
    }

    [Fact]
    public void A_device_on_its_way_is_not_given_back_until_the_last_who_keeps_it_is_done()
    {
        IDisposable first = Custody.TryPin(First)!;
        IDisposable second = Custody.TryPin(First)!;
        first.Dispose();
        first.Dispose();
        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => Custody.GiveBack(First, rebind: false, force: false)).Failure);

        second.Dispose();
        Custody.GiveBack(First, rebind: false, force: false);
        Assert.Null(Custody.Find("03:00.0"));
        Custody.TryPin(First)!.Dispose();
    }

    [Fact]
    public void A_device_that_a_living_guest_may_still_reach_is_given_back_only_if_a_person_insists()
    {
        Custody.FormerGuests = new Former(First, 7);

        BackendException refusal = Assert.Throws<BackendException>(() => Custody.GiveBack(First, rebind: false, force: false));

        Assert.Equal(BackendFailure.Refused, refusal.Failure);
        Assert.Contains("domain 7", refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(Custody.Find("03:00.0"));
        Custody.TryPin(First)!.Dispose();
        Custody.GiveBack(First, rebind: false, force: true);
        Assert.Null(Custody.Find("03:00.0"));
    }

    [Fact]
    public void A_device_on_a_guests_line_is_given_back_only_if_a_person_insists()
    {
        Custody.LineGuests = new OnTheLine(First, $"interrupt line 20 is shared with {Second}, which domain 7 has");

        BackendException refusal = Assert.Throws<BackendException>(() => Custody.GiveBack(First, rebind: false, force: false));

        Assert.Equal(BackendFailure.Refused, refusal.Failure);
        Assert.Contains($"shared-line): interrupt line 20 is shared with {Second}, which domain 7 has", refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(Custody.Find("03:00.0"));
        Custody.TryPin(First)!.Dispose();
        Custody.GiveBack(First, rebind: false, force: true);
        Assert.Null(Custody.Find("03:00.0"));
    }

    [Fact]
    public void What_was_given_back_no_guest_gets_until_it_is_taken_again()
    {
        Custody.Take(First, "wan", force: false);
        Custody.GiveBack(First, rebind: false, force: false);
        Custody.GiveBack(First, rebind: false, force: false);

        Assert.Null(Custody.Find("wan"));
        Assert.False(Custody.Functions.Claim(5, First).IsGranted);
        Assert.Throws<BackendException>(() => Custody.MakeReady(First));

        Custody.Take(First, null, force: true);
        Custody.MakeReady(First);
        Assert.True(Custody.Functions.Claim(5, First).IsGranted);
    }

    [Fact]
    public void The_next_guest_finds_nothing_of_the_last()
    {
        IPciFunction last = Claimed(5, First);
        Assert.True(last.TryWrite(ConfigRegisters.Command, 2, CommandBits.BusMaster | CommandBits.Memory));
        Custody.Functions.Release(5, First);

        Custody.MakeReady(First);

        Assert.False(IsMaster(Claimed(6, First)));
    }

    [Fact]
    public void What_a_guest_gets_to_map_is_what_the_function_has()
    {
        IPciFunction function = Claimed(5, First);

        Assert.Equal(function.BaseAddresses, Custody.BaseAddressesOf(First));
        Assert.InRange(Custody.LineOf(First), 0, 254);
    }

    [Fact]
    public void A_host_that_slept_finds_every_device_again()
    {
        Claimed(5, First);
        HostSuspend suspend = new(Custody);
        Assert.Contains("domain 5", Assert.Throws<BackendException>(() => suspend.Prepare(force: false)).Message, StringComparison.Ordinal);

        suspend.Prepare(force: true);

        Assert.Empty(suspend.Resume());
        Assert.All(Custody.Held(), static device => Assert.Null(device.Unusable));
        Assert.Equal(5, Custody.Find("03:00.0")!.OwnerDomain);
    }

    /// <summary>Ends the custody and what it stands on.</summary>
    protected abstract void Close();

    private static bool IsMaster(IPciFunction function) =>
        function.TryRead(ConfigRegisters.Command, 2, out uint command) && (command & CommandBits.BusMaster) != 0;

    private IPciFunction Claimed(int domainId, PciAddress address)
    {
        FunctionClaim claim = Custody.Functions.Claim(domainId, address);
        Assert.True(claim.IsGranted, claim.Refusal?.Reason);
        return claim.Function;
    }

    private sealed class OnTheLine(PciAddress device, string other) : ILineGuests
    {
        public IReadOnlyList<string> OthersOn(PciAddress asked, int? next) => asked == device && next is null ? [other] : [];
    }

    private sealed class Former(PciAddress device, int guest) : IFormerGuests
    {
        public IReadOnlyList<int> LivingOf(PciAddress asked) => asked == device ? [guest] : [];
    }
}
