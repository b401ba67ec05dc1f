using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Sources;

/// <summary>Whose a device is, and who may have it next; the host's sleep.</summary>
public sealed class HeldFunctionTests : HeldNicTests
{
    [Fact]
    public void One_guest_at_a_time_has_a_device()
    {
        FunctionClaim first = Custody.Functions.Claim(5, Address);

        Assert.True(first.IsGranted);
        Assert.Same(first.Function, Custody.Functions.Claim(5, Address).Function);
        Assert.Contains("in use by domain 5", Custody.Functions.Claim(6, Address).Refusal?.Reason, StringComparison.Ordinal);
        Assert.Equal(5, Assert.Single(Custody.Held()).OwnerDomain);

        Custody.Functions.Release(6, Address);
        Assert.False(Custody.Functions.Claim(6, Address).IsGranted);
        Custody.Functions.Release(5, Address);
        Custody.Functions.Release(5, Address);
        Assert.True(Custody.Functions.Claim(6, Address).IsGranted);
    }

    [Fact]
    public void A_device_that_is_not_held_is_not_given_to_guests()
    {
        Host.AddNic("00:05.0");

        Assert.Contains("is not held", Custody.Functions.Claim(5, PciAddress.Parse("00:05.0")).Refusal?.Reason, StringComparison.Ordinal);
        Assert.Throws<BackendException>(() => Custody.MakeReady(PciAddress.Parse("00:05.0")));
        Assert.Equal(0, Custody.LineOf(PciAddress.Parse("00:05.0")));
        Custody.Functions.Release(5, PciAddress.Parse("00:05.0"));
    }

    /// <summary>A guest waits for its claim, and for each of its devices as long as for all that others have.</summary>
    [Fact]
    public async Task A_claim_asks_no_other_guests_device()
    {
        PciAddress other = Host.AddNic("0000:05:00.0").Address;
        Custody.Take(other, null, force: false);
        Custody.MakeReady(other);
        Assert.True(Custody.Functions.Claim(6, other).IsGranted);
        using HungFile hung = new(Host["0000:05:00.0"].Path("config"));

        FunctionClaim claim = await Task.Run(() => Custody.Functions.Claim(5, Address), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.True(claim.IsGranted);
    }

    [Fact]
    public void The_guest_sees_the_line_that_was_captured_and_its_writes_reach_the_device()
    {
        IPciFunction function = Claimed(5);

        Assert.Equal(Host[Nic].Gsi, function.InterruptLine);
        Assert.True(function.TryWrite(Command, 2, 0x0107));
        Assert.Equal(0x0107, Host[Nic].Word(Command));
    }

    /// <summary>An attach that does not wait assigns it and has ended before Xen has answered whose it is.</summary>
    [Fact]
    public void Nobody_can_begin_to_give_a_device_away_while_it_is_asked_whose_it_is()
    {
        var asked = AskedDomains.Around(Host.Domains);
        using var custody = DeviceCustody.Open(Host.Options() with { Domains = asked.Domains });
        IDisposable? kept = Host;
        asked.Asked = () => kept = custody.TryPin(Address);

        custody.GiveBack(Address, rebind: true, force: false);

        Assert.Null(kept);
    }

    [Fact]
    public void A_device_that_is_kept_for_a_guest_is_not_given_back_to_the_host()
    {
        IDisposable? kept = Custody.TryPin(Address);
        IDisposable? twice = Custody.TryPin(Address);
        Assert.NotNull(kept);
        Assert.NotNull(twice);
        int before = Host.Happened.Count;
        twice.Dispose();
        twice.Dispose();

        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => Custody.GiveBack(Address, rebind: true, force: false)).Failure);

        Assert.Equal(before, Host.Happened.Count);
        kept.Dispose();
        IDisposable? late = Host;
        Host.Died = () =>
        {
            late = Custody.TryPin(Address);
            return false;
        };
        Custody.GiveBack(Address, rebind: true, force: false);
        Assert.Null(late);
        Assert.NotNull(Custody.TryPin(Address));
    }

    [Fact]
    public void A_device_in_a_guests_hands_is_not_given_back()
    {
        Claimed(5);

        BackendException failure = Assert.Throws<BackendException>(() => Custody.GiveBack(Address, rebind: true, force: false));

        Assert.Equal(BackendFailure.Refused, failure.Failure);
        Assert.Contains("domain 5", failure.Message, StringComparison.Ordinal);
        Assert.Throws<BackendException>(() => Custody.MakeReady(Address));
    }

    [Fact]
    public void Two_guests_do_not_share_a_page_of_memory()
    {
        Host[Nic].Resources((0xf900_0000, 0x800, 0x40200));
        Host.AddNic("04:00.0", "e1000e", "0000:00:1c.0").Resources((0xf900_0800, 0x800, 0x40200));
        var other = PciAddress.Parse("04:00.0");
        Custody.Take(other, null, force: false);
        Claimed(5);

        Assert.Contains("shares a 4 KiB page", Custody.Functions.Claim(6, other).Refusal?.Reason, StringComparison.Ordinal);
        Assert.True(Custody.Functions.Claim(5, other).IsGranted);
    }

    [Fact]
    public void A_device_in_a_guests_hands_blocks_the_hosts_sleep_until_a_person_insists()
    {
        HostSuspend suspend = new(Custody);
        suspend.Prepare(force: false);
        Claimed(5).TryWrite(Command, 2, 0x0107);

        Assert.Contains("domain 5", Assert.Single(suspend.Blockers()), StringComparison.Ordinal);
        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => suspend.Prepare(force: false)).Failure);
        suspend.Prepare(force: true);
    }

    [Fact]
    public void Awake_again_a_held_device_is_as_it_was_and_its_messages_are_xens_again()
    {
        HostSuspend suspend = new(Custody);
        Claimed(5).TryWrite(Command, 2, 0x0507);
        suspend.Prepare(force: true);
        byte[] before = Host[Nic].Config;
        Forget();

        Assert.Empty(suspend.Resume());
        Assert.Equal(before, Host[Nic].Config);
        Assert.Equal(1, Restored());

        Custody.Functions.Release(5, Address);
        Forget();
        Assert.Empty(suspend.Resume());
        Assert.Equal(0x0103, Host[Nic].Word(Command));
        Assert.True(Host.Passthrough.IsPrepared(Address));

        Host[Nic].Pull();
        Assert.Contains("did not come back", Assert.Single(suspend.Resume()), StringComparison.Ordinal);
        Assert.NotNull(Assert.Single(Custody.Held()).Unusable);

        void Forget() => Host[Nic].Edit(static config =>
        {
            config.AsSpan(Bar0, 24).Clear();
            config.AsSpan(Command, 2).Clear();
        });
    }
}
