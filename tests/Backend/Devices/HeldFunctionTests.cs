using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>Devices in guests' hands, between guests, and when they go wrong.</summary>
public sealed class HeldFunctionTests : IDisposable
{
    private const string Nic = "0000:03:00.0";
    private const int Command = 0x04;
    private const int Bar0 = 0x10;
    private const int MsiXControl = 0xA2;
    private const int DeviceControl = 0xE8;
    private const int DeviceStatus = 0xEA;

    private static readonly PciAddress Address = PciAddress.Parse(Nic);

    private readonly FakeHost _host = new();
    private readonly DeviceCustody _custody;

    public HeldFunctionTests()
    {
        _host.AddPort("0000:00:1c.0");
        _host.AddNic(Nic, "e1000e", "0000:00:1c.0");
        _custody = _host.Open();
        _custody.Take(Address, null, force: false);
    }

    public void Dispose()
    {
        _custody.Dispose();
        _host.Dispose();
    }

    [Fact]
    public void One_guest_at_a_time_has_a_device()
    {
        FunctionClaim first = _custody.Claim(5, Address);

        Assert.True(first.IsGranted);
        Assert.Same(first.Function, _custody.Claim(5, Address).Function);
        Assert.Contains("in use by domain 5", _custody.Claim(6, Address).Refusal, StringComparison.Ordinal);
        Assert.Equal(5, Assert.Single(_custody.Held()).OwnerDomain);

        _custody.Release(6, Address);
        Assert.False(_custody.Claim(6, Address).IsGranted);
        _custody.Release(5, Address);
        _custody.Release(5, Address);
        Assert.True(_custody.Claim(6, Address).IsGranted);
    }

    [Fact]
    public void A_device_that_is_not_held_is_not_given_to_guests()
    {
        _host.AddNic("00:05.0");

        Assert.Contains("is not held", _custody.Claim(5, PciAddress.Parse("00:05.0")).Refusal, StringComparison.Ordinal);
        Assert.Throws<BackendException>(() => _custody.MakeReady(PciAddress.Parse("00:05.0")));
        Assert.Equal(0, _custody.LineOf(PciAddress.Parse("00:05.0")));
        _custody.Release(5, PciAddress.Parse("00:05.0"));
    }

    [Fact]
    public void The_guest_sees_the_line_that_was_captured_and_its_writes_reach_the_device()
    {
        IPciFunction function = Claimed(5);

        Assert.Equal(_host[Nic].Gsi, function.InterruptLine);
        Assert.True(function.TryWrite(Command, 2, 0x0107));
        Assert.Equal(0x0107, _host[Nic].Word(Command));
    }

    [Fact]
    public void The_next_guest_finds_nothing_of_the_last_one()
    {
        _custody.MakeReady(Address);
        byte[] first = Everything(Claimed(5));
        Scribble();
        _custody.Release(5, Address);
        Assert.Equal(0x0103, _host[Nic].Word(Command));

        _custody.MakeReady(Address);
        Assert.Equal(first, Everything(Claimed(6)));
    }

    [Fact]
    public void What_an_error_recovery_wiped_comes_back_between_guests()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        byte[] before = _host[Nic].Config;

        // A link reset that nobody restored: addresses, Command and Device Control are zero.
        _host[Nic].Edit(static config =>
        {
            config.AsSpan(Bar0, 24).Clear();
            config.AsSpan(Command, 2).Clear();
            config.AsSpan(DeviceControl, 2).Clear();
        });
        _custody.Release(5, Address);

        Assert.Equal(before[Bar0..(Bar0 + 24)], _host[Nic].Config[Bar0..(Bar0 + 24)]);
        Assert.Equal(before[DeviceControl..(DeviceControl + 2)], _host[Nic].Config[DeviceControl..(DeviceControl + 2)]);
        Assert.Equal(0x0103, _host[Nic].Word(Command));
    }

    /// <summary>At detach libxl resets while the guest still has the device: that is done when the guest lets go. And before an attach, when nobody has it.</summary>
    [Fact]
    public void A_toolstacks_own_reset_makes_ready_what_nobody_has_and_leaves_a_guests_device_to_its_release()
    {
        int before = _host[Nic].Resets.Count;
        Claimed(5);
        _custody.Reset(Address);
        Assert.Equal(before, _host[Nic].Resets.Count);

        _custody.Release(5, Address);
        _custody.Reset(Address);
        Assert.Equal(before + 1, _host[Nic].Resets.Count);
        Assert.Throws<BackendException>(() => _custody.Reset(PciAddress.Parse("09:00.0")));
    }

    [Fact]
    public void Bus_mastering_is_off_before_the_reset()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        ushort atReset = 0;
        _host[Nic].OnReset = device => atReset = device.Word(Command);

        Assert.True(function.TryReset());

        Assert.Equal(0x0103, atReset);
    }

    [Fact]
    public void A_transaction_that_never_ends_does_not_hold_up_the_reset_for_long()
    {
        IPciFunction function = Claimed(5);
        _host[Nic].Set(DeviceStatus, 0x0020);
        long start = Environment.TickCount64;

        Assert.True(function.TryReset());

        Assert.InRange(Environment.TickCount64 - start, 600, 30_000);
    }

    [Fact]
    public void Messages_that_were_on_are_written_back_by_xen_after_a_guests_reset()
    {
        IPciFunction function = Claimed(5);
        Assert.True(function.TryReset());
        Assert.Equal(0, Restored());

        function.TryWrite(MsiXControl, 2, 0x8004);
        Assert.True(function.TryReset());
        Assert.Equal(1, Restored());
    }

    [Fact]
    public void A_function_the_kernel_cannot_reset_says_so_and_is_restored()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        File.Delete(_host[Nic].Path("reset"));
        File.Delete(_host[Nic].Path("reset_method"));

        Assert.False(function.TryReset());
        Assert.Equal(0x0103, _host[Nic].Word(Command));
    }

    [Fact]
    public void Only_what_a_guest_touched_is_reset_when_it_leaves()
    {
        int before = _host[Nic].Resets.Count;
        Claimed(5);
        _custody.Release(5, Address);
        Assert.Equal(before, _host[Nic].Resets.Count);

        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        function.TryReset();
        _custody.Release(5, Address);
        Assert.Equal(before + 1, _host[Nic].Resets.Count);
    }

    [Fact]
    public void A_device_that_leaves_its_guest_is_in_quarantine()
    {
        _host.Xen.CreateDomain(5);
        _custody.MakeReady(Address);
        _host.Domains.Assign(5, Address, relaxed: false);
        Claimed(5).TryWrite(Command, 2, 0x0107);

        // A program that was restarted does not know its guests; Xen does.
        using (DeviceCustody restarted = _host.Open())
            Assert.Contains("belongs to another guest", Assert.Throws<BackendException>(() => restarted.MakeReady(Address)).Message, StringComparison.Ordinal);
        _host.Domains.Deassign(5, Address);
        _custody.Release(5, Address);

        Assert.Equal(DomainInfo.Quarantine, _host.Passthrough.OwnerOf(Address));
        _custody.MakeReady(Address);
    }

    /// <summary>Its guest can write to its memory until Xen no longer counts it as the guest's: a reset before that may have been in vain.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_guest_could_still_reach_when_it_was_reset_is_reset_again_before_the_host_gets_it(bool isTouched)
    {
        Assign(5);
        IPciFunction function = Claimed(5);
        if (isTouched)
            function.TryWrite(Command, 2, 0x0107);
        Assert.True(function.TryReset());
        _custody.Release(5, Address);
        _host.Domains.Deassign(5, Address);
        int before = _host[Nic].Resets.Count;

        _custody.GiveBack(Address, rebind: true);

        Assert.Equal(before + 1, _host[Nic].Resets.Count);
    }

    [Fact]
    public void What_a_dead_guest_had_is_reset_once_when_it_could_not_reach_it_any_more()
    {
        Assign(5);
        IPciFunction function = Claimed(5);
        int before = _host[Nic].Resets.Count;
        _host.Xen.DestroyDomain(5);
        Assert.True(function.TryReset());
        _custody.Release(5, Address);
        Assert.Equal(before + 1, _host[Nic].Resets.Count);
    }

    /// <summary>Its registers were only read; what was done in its memory nobody saw.</summary>
    [Fact]
    public void A_device_that_a_dead_guest_only_read_is_reset_all_the_same()
    {
        Assign(5);
        Claimed(5);
        int before = _host[Nic].Resets.Count;
        _host.Xen.DestroyDomain(5);
        _custody.Release(5, Address);

        Assert.Equal(before + 1, _host[Nic].Resets.Count);
    }

    /// <summary>QEMU serves an HVM guest's device: it is never claimed here, and nobody sees what its guest does to it.</summary>
    [Fact]
    public void A_device_that_a_guest_had_without_claiming_it_is_reset_before_the_host_gets_it()
    {
        Assign(5);
        _host[Nic].Set(Command, 0x0507);
        _host.Domains.Deassign(5, Address);
        int before = _host[Nic].Resets.Count;
        ushort atReset = 0xFFFF;
        _host[Nic].OnReset = device => atReset = device.Word(Command);

        _custody.GiveBack(Address, rebind: false);

        Assert.Equal((before + 1, 0x0503), (_host[Nic].Resets.Count, atReset));
    }

    [Fact]
    public void A_reset_that_failed_is_made_up_for_before_anybody_else_gets_the_device()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        _host.FailAt = 0;
        Assert.False(function.TryReset());
        int before = _host[Nic].Resets.Count;

        _custody.Release(5, Address);

        Assert.Equal(before + 1, _host[Nic].Resets.Count);
        Assert.Null(Assert.Single(_custody.Held()).Unusable);
    }

    [Fact]
    public void A_device_whose_every_reset_fails_is_nobodys_after_its_guest()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        _host[Nic].OnReset = static _ => throw new IOException("it hangs");
        Assert.False(function.TryReset());

        _custody.Release(5, Address);

        Assert.Contains("could not reset", Assert.Single(_custody.Held()).Unusable, StringComparison.Ordinal);
        Assert.False(_custody.Claim(6, Address).IsGranted);
    }

    /// <summary>An attach that does not wait assigns it and has ended before Xen has answered whose it is.</summary>
    [Fact]
    public void Nobody_can_begin_to_give_a_device_away_while_it_is_asked_whose_it_is()
    {
        AskedDomains asked = AskedDomains.Around(_host.Domains);
        using DeviceCustody custody = DeviceCustody.Open(_host.Options() with { Domains = asked.Domains });
        IDisposable? kept = _host;
        asked.Asked = () => kept = custody.TryKeep(Address);

        custody.GiveBack(Address, rebind: true);

        Assert.Null(kept);
    }

    [Fact]
    public void A_device_that_is_kept_for_a_guest_is_not_given_back_to_the_host()
    {
        IDisposable? kept = _custody.TryKeep(Address);
        IDisposable? twice = _custody.TryKeep(Address);
        Assert.NotNull(kept);
        Assert.NotNull(twice);
        int before = _host.Happened.Count;
        twice.Dispose();
        twice.Dispose();

        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => _custody.GiveBack(Address, rebind: true)).Failure);

        Assert.Equal(before, _host.Happened.Count);
        kept.Dispose();
        IDisposable? late = _host;
        _host.Died = () =>
        {
            late = _custody.TryKeep(Address);
            return false;
        };
        _custody.GiveBack(Address, rebind: true);
        Assert.Null(late);
        Assert.NotNull(_custody.TryKeep(Address));
    }

    [Fact]
    public void A_device_that_cannot_be_cleaned_is_nobodys_until_it_can_be()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        _host.FailAt = 0;
        _custody.Release(5, Address);

        Assert.Contains("could not reset", Assert.Single(_custody.Held()).Unusable, StringComparison.Ordinal);
        Assert.Empty(_custody.List());
        Assert.Contains("could not reset", _custody.Claim(6, Address).Refusal, StringComparison.Ordinal);
        Assert.NotEmpty(_host.Lines.Errors);

        _custody.MakeReady(Address);
        Assert.True(_custody.Claim(6, Address).IsGranted);
    }

    [Fact]
    public void A_device_pulled_out_of_a_guests_hands_is_gone_and_nobody_gets_it()
    {
        IPciFunction function = Claimed(5);
        function.TryWrite(Command, 2, 0x0107);
        _host[Nic].Pull();

        Assert.False(function.TryReset());
        _custody.Release(5, Address);

        Assert.Contains("does not answer", Assert.Single(_custody.Held()).Unusable, StringComparison.Ordinal);
        Assert.Throws<BackendException>(() => _custody.MakeReady(Address));
        Assert.False(_custody.Claim(6, Address).IsGranted);
    }

    [Fact]
    public void A_device_that_answers_all_ones_is_not_handed_out()
    {
        _host[Nic].Pull();

        Assert.Contains("is gone", _custody.Claim(5, Address).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_that_was_unplugged_can_be_given_back_but_not_handed_out()
    {
        _host.Remove(Nic);

        Assert.Contains("it is gone", _custody.Claim(5, Address).Refusal, StringComparison.Ordinal);
        Assert.Contains("it is gone", Assert.Throws<BackendException>(() => _custody.MakeReady(Address)).Message, StringComparison.Ordinal);
        _custody.GiveBack(Address, rebind: true);
        Assert.Empty(_custody.Held());
    }

    [Fact]
    public void A_card_swapped_at_the_same_address_is_refused_with_both_named()
    {
        _host[Nic].Edit(static config => config[0x02] = 0xD4);

        foreach (string message in (string[])[_custody.Claim(5, Address).Refusal!, Assert.Throws<BackendException>(() => _custody.MakeReady(Address)).Message])
        {
            Assert.Contains("8086:10d3", message, StringComparison.Ordinal);
            Assert.Contains("8086:10d4", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_card_of_the_same_model_with_another_serial_number_is_another_card()
    {
        _host[Nic].Edit(static config => config[0x144] ^= 0xFF);

        Assert.Contains("serial 525400ffff123456", _custody.Claim(5, Address).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_card_went_is_said()
    {
        byte[] config = _host[Nic].Config;
        _host.Remove(Nic);
        _host.Add("04:00.0", config, driver: null, "00:1c.0");

        Assert.Contains("a card like the one that was taken is at 0000:04:00.0", _custody.Claim(5, Address).Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_that_was_unplugged_and_plugged_in_again_is_made_ready_from_the_start()
    {
        // A new object in the kernel and in Xen, which know nothing of what was done to the old one.
        _host[Nic].With("driver_override", "(null)").With("enable", "0").With("power/control", "auto").Edit(static config => config.AsSpan(Command, 2).Clear());
        _host.Physdev.ReleaseMsix(Address);
        _host.Domains.Deassign(DomainInfo.Quarantine, Address);

        _custody.MakeReady(Address);

        Assert.Equal(("pcibackflow", "1", "on"), (_host[Nic].Text("driver_override"), _host[Nic].Text("enable"), _host[Nic].Text("power/control")));
        Assert.True(_host.Passthrough.IsPrepared(Address));
        Assert.Equal(DomainInfo.Quarantine, _host.Passthrough.OwnerOf(Address));
        Assert.Equal(0x0103, _host[Nic].Word(Command));
    }

    [Fact]
    public void What_a_guest_left_running_is_stopped_before_the_device_leaves_quarantine()
    {
        Claimed(5).TryWrite(Command, 2, 0x0107);
        _host.FailAt = 0;
        _custody.Release(5, Address);
        _host[Nic].Set(Command, 0x0107);
        ushort atReset = 0xFFFF;
        int owner = 0;
        _host[Nic].OnReset = device => (atReset, owner) = (device.Word(Command), _host.Passthrough.OwnerOf(Address));

        _custody.GiveBack(Address, rebind: true);

        Assert.Equal(0x0103, atReset);
        Assert.Equal(DomainInfo.Quarantine, owner);
    }

    [Fact]
    public void A_swapped_card_is_given_back_untouched()
    {
        _host[Nic].Edit(static config => config[0x02] = 0xD4).Set(Command, 0x0147);
        byte[] before = _host[Nic].Config;

        _custody.GiveBack(Address, rebind: false);

        Assert.Equal(before, _host[Nic].Config);
        Assert.Empty(_custody.Held());
    }

    [Fact]
    public void A_device_in_a_guests_hands_is_not_given_back()
    {
        Claimed(5);

        BackendException failure = Assert.Throws<BackendException>(() => _custody.GiveBack(Address, rebind: true));

        Assert.Equal(BackendFailure.Refused, failure.Failure);
        Assert.Contains("domain 5", failure.Message, StringComparison.Ordinal);
        Assert.Throws<BackendException>(() => _custody.MakeReady(Address));
    }

    [Fact]
    public void Two_guests_do_not_share_a_page_of_memory()
    {
        _host[Nic].Resources((0xf900_0000, 0x800, 0x40200));
        _host.AddNic("04:00.0", "e1000e", "0000:00:1c.0").Resources((0xf900_0800, 0x800, 0x40200));
        PciAddress other = PciAddress.Parse("04:00.0");
        _custody.Take(other, null, force: false);
        Claimed(5);

        Assert.Contains("shares a 4 KiB page", _custody.Claim(6, other).Refusal, StringComparison.Ordinal);
        Assert.True(_custody.Claim(5, other).IsGranted);
    }

    [Fact]
    public void A_device_in_a_guests_hands_blocks_the_hosts_sleep_until_a_person_insists()
    {
        HostSuspend suspend = new(_custody);
        suspend.Prepare(force: false);
        Claimed(5).TryWrite(Command, 2, 0x0107);

        Assert.Contains("domain 5", Assert.Single(suspend.Blockers()), StringComparison.Ordinal);
        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => suspend.Prepare(force: false)).Failure);
        suspend.Prepare(force: true);
    }

    [Fact]
    public void Awake_again_a_held_device_is_as_it_was_and_its_messages_are_xens_again()
    {
        HostSuspend suspend = new(_custody);
        Claimed(5).TryWrite(Command, 2, 0x0507);
        suspend.Prepare(force: true);
        byte[] before = _host[Nic].Config;
        Forget();

        Assert.Empty(suspend.Resume());
        Assert.Equal(before, _host[Nic].Config);
        Assert.Equal(1, Restored());

        _custody.Release(5, Address);
        Forget();
        Assert.Empty(suspend.Resume());
        Assert.Equal(0x0103, _host[Nic].Word(Command));
        Assert.True(_host.Passthrough.IsPrepared(Address));

        _host[Nic].Pull();
        Assert.Contains("did not come back", Assert.Single(suspend.Resume()), StringComparison.Ordinal);
        Assert.Empty(_custody.List());

        void Forget() => _host[Nic].Edit(static config =>
        {
            config.AsSpan(Bar0, 24).Clear();
            config.AsSpan(Command, 2).Clear();
        });
    }

    private int Restored() => _host.Happened.Count(static line => line.Contains("RestoreMessages", StringComparison.Ordinal));

    private static byte[] Everything(IPciFunction function)
    {
        byte[] all = new byte[function.ReadableSize];
        for (int offset = 0; offset < all.Length; offset++)
            all[offset] = function.TryRead(offset, 1, out uint value) ? (byte)value : (byte)0xEE;
        return all;
    }

    // What a guest can leave: mastering, messages, error masks, payload size, line.
    private void Scribble()
    {
        IPciFunction function = _custody.Claim(5, Address).Function!;
        (int Offset, int Size, uint Value)[] writes =
        [
            (Command, 2, 0x0547), (0x0C, 1, 0x10), (0x3C, 1, 0x05), (MsiXControl, 2, 0xC004), (DeviceControl, 2, 0x2057),
            (0xF0, 2, 0x0043), (0x108, 4, 0x00100000), (0x10C, 4, 0x00400000), (0x114, 4, 0x000000C1), (0x118, 4, 0x000001E0), (0xCC, 2, 0x0100),
        ];
        foreach ((int offset, int size, uint value) in writes)
            Assert.True(function.TryWrite(offset, size, value));
    }

    private void Assign(int domain)
    {
        _host.Xen.CreateDomain(domain);
        _custody.MakeReady(Address);
        _host.Domains.Assign(domain, Address, relaxed: false);
    }

    private IPciFunction Claimed(int domainId)
    {
        FunctionClaim claim = _custody.Claim(domainId, Address);
        Assert.True(claim.IsGranted, claim.Refusal);
        return claim.Function;
    }
}
