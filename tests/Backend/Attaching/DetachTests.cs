using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>Detach: the guest is asked, what was granted is revoked to the number, and whose it is is respected.</summary>
public sealed class DetachTests
{
    [Fact]
    public async Task Nothing_is_revoked_before_the_guest_let_go_and_the_device_was_reset()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        bench.Order.Clear();
        await bench.Detach(7, "03:00.0");
        Assert.Equal(
            [
                "release 0000:03:00.0", "AllowMemory -feb00", $"AllowMemory -{NicMemory >> 12:x}", "AllowPorts -c000",
                "AllowInterrupt -14", "Unmap +14", "Deassign +0",
            ],
            bench.Order);
        bench.AssertNothingLeft(7);
    }

    /// <summary>XSA-476: what is revoked is what was granted, whatever the host says of the BARs meanwhile.</summary>
    [Fact]
    public async Task What_was_granted_is_revoked_even_if_the_host_says_something_else_now()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        bench.Custody.Resize(Nic, new BaseAddress(0x1000_0000, 0x1000, 0));
        bench.Custody.Lines[Nic] = 21;
        await bench.Detach(7, "03:00.0");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task What_two_devices_of_a_guest_share_stays_until_the_second_goes()
    {
        await using ToolstackBench bench = new();
        bench.Custody.Resize(Disk0, new BaseAddress(0xFEB2_0800, 0x2000, 0));
        await bench.GuestWith(7, "03:00.0", "04:00.0", "05:00.0");
        await bench.Detach(7, "04:00.0");
        Assert.Equal([20], bench.Granted.LinesOf(7));
        Assert.Equal(
            [new LoopbackRange(0xFEB00, 0x10), new(0xFEB20, 3), new(NicMemory >> 12, 0x40000)], bench.Granted.MemoryOf(7));
        await bench.Detach(7, "05:00.0");
        Assert.Equal([new LoopbackRange(0xFEB00, 0x10), new(NicMemory >> 12, 0x40000)], bench.Granted.MemoryOf(7));
        await bench.Detach(7, "03:00.0");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_silent_guest_keeps_its_device_and_is_said_to()
    {
        await using ToolstackBench bench = new(timing: new() { LetGo = TimeSpan.FromMilliseconds(300), Ready = TimeSpan.FromMilliseconds(300) });
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0");
        guest.IsSilent = true;
        BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Detach(7, "03:00.0"));
        Assert.Contains("did not let go", e.Message, StringComparison.Ordinal);
        Assert.Equal("0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
        Assert.Equal(7, bench.Granted.OwnerOf(Nic));
        Assert.Equal([20], bench.Granted.LinesOf(7));

        // Asked again while the first question stands.
        await Assert.ThrowsAsync<BackendException>(() => bench.Detach(7, "03:00.0"));

        // It wakes up, answers the withdrawn request, and can be asked again.
        guest.IsSilent = false;
        await EventuallyAsync(() => bench.Key(7, "state") == "4", "connected again");
        Assert.Equal("0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
        await bench.Detach(7, "03:00.0");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task Giving_up_withdraws_the_request()
    {
        await using ToolstackBench bench = new();
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0");
        guest.IsSilent = true;
        using CancellationTokenSource giveUp = new(200);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.Detach(7, "03:00.0", cancellation: giveUp.Token));
        Assert.Equal("0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Force_takes_the_device_from_a_silent_guest_and_leaves_it_the_others(bool askedBefore)
    {
        await using ToolstackBench bench = new(timing: new() { LetGo = TimeSpan.FromMilliseconds(200), Ready = TimeSpan.FromMilliseconds(200) });
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0", "05:00.0");
        guest.IsSilent = true;
        if (askedBefore)
        {
            await Assert.ThrowsAsync<BackendException>(() => bench.Detach(7, "03:00.0"));
        }

        bench.Order.Clear();
        await bench.Detach(7, "03:00.0", force: true);
        Assert.Equal("release 0000:03:00.0", bench.Order.First());
        Assert.Equal([new LoopbackRange(0xFEB30, 4)], bench.Granted.MemoryOf(7));
        Assert.Equal("0000:05:00.0 0000:00:01.0 connected", bench.Shown(7));
        Assert.Null(bench.Custody.Find(Nic.ToString())!.OwnerDomain);

        guest.IsSilent = false;
        await EventuallyAsync(() => bench.Key(7, "state") == "4", "connected again");
        await bench.Attach(7, "03:00.0");
        await bench.Detach(7, "03:00.0");
        await bench.Detach(7, "05:00.0", force: true);
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_reset_that_takes_too_long_does_not_keep_the_grants()
    {
        await using ToolstackBench bench = new(timing: new() { LetGo = TimeSpan.FromMilliseconds(200), Reset = TimeSpan.FromMilliseconds(200) });
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0");
        guest.IsSilent = true;
        bench.Custody.Reset = new();
        await bench.Detach(7, "03:00.0", force: true);
        Assert.False(bench.Granted.HasAnything(7));
        Assert.Equal(7, bench.Custody.Find(Nic.ToString())!.OwnerDomain);
        BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "03:00.0"));
        Assert.Contains("already", e.Message, StringComparison.Ordinal);
        bench.Custody.Reset.Set();
        await EventuallyAsync(() => bench.Custody.Find(Nic.ToString())!.OwnerDomain is null, "reset");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task What_cannot_be_revoked_is_said_and_stays_in_the_journal()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        bench.Granted.Fail(LoopbackCall.AllowPorts, Errno.EPERM);
        BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Detach(7, "03:00.0"));
        Assert.Contains("Ports", e.Message, StringComparison.Ordinal);
        Assert.Equal([new LoopbackRange(0xC000, 0x20)], bench.Granted.PortsOf(7));
        Assert.Empty(bench.Granted.MemoryOf(7));
        Assert.Single(bench.Journal);
        await bench.RestartAsync();
        bench.AssertNothingLeft(7);
    }

    /// <summary>What xl granted is xl's: its nodes go on request, its grants stay.</summary>
    /// <summary>Xen's own refusals, by its source: which of them say that there is nothing to take back.</summary>
    public static TheoryData<LoopbackCall, Errno, bool> RefusedRevocations => new()
    {
        { LoopbackCall.AllowMemory, Errno.ESRCH, true },
        { LoopbackCall.AllowMemory, Errno.EINVAL, false },
        { LoopbackCall.AllowMemory, Errno.EPERM, false },
        { LoopbackCall.AllowMemory, Errno.ENODEV, false },
        { LoopbackCall.AllowPorts, Errno.ESRCH, true },
        { LoopbackCall.AllowPorts, Errno.EINVAL, false },
        { LoopbackCall.AllowInterrupt, Errno.ESRCH, true },
        { LoopbackCall.AllowInterrupt, Errno.EINVAL, false },
        { LoopbackCall.AllowInterrupt, Errno.EPERM, false },
        { LoopbackCall.Unmap, Errno.ESRCH, true },
        { LoopbackCall.Unmap, Errno.EINVAL, true },
        { LoopbackCall.Unmap, Errno.EBUSY, false },
        { LoopbackCall.Deassign, Errno.ESRCH, true },
        { LoopbackCall.Deassign, Errno.ENODEV, true },
        { LoopbackCall.Deassign, Errno.EOPNOTSUPP, true },
        { LoopbackCall.Deassign, Errno.EINVAL, false },
        { LoopbackCall.Deassign, Errno.ENOSYS, false },
    };

    [Theory]
    [MemberData(nameof(RefusedRevocations))]
    public async Task What_xen_does_not_say_is_gone_stays_in_the_journal(LoopbackCall call, Errno errno, bool isGone)
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        bench.Granted.Fail(call, errno);

        if (isGone)
        {
            await bench.Detach(7, "03:00.0");
            Assert.Empty(bench.Journal);
        }
        else
        {
            await Assert.ThrowsAsync<BackendException>(() => bench.Detach(7, "03:00.0"));
            Assert.NotEmpty(bench.Journal);

            // The guest's end takes it, whatever it was.
            bench.Host.DestroyDomain(7);
            await EventuallyAsync(() => bench.Journal.Count == 0, "settled");
        }
    }

    /// <summary>Xen refuses the same numbers in the same way, whether they are to be granted or revoked.</summary>
    [Theory]
    [InlineData(LoopbackCall.AllowMemory)]
    [InlineData(LoopbackCall.AllowPorts)]
    [InlineData(LoopbackCall.AllowInterrupt)]
    [InlineData(LoopbackCall.MapLine)]
    public async Task Of_an_intent_that_xen_called_malformed_nothing_is_left(LoopbackCall call)
    {
        await using ToolstackBench bench = new();
        bench.Guest(7);
        bench.Granted.Fail(call, Errno.EINVAL);
        bench.Granted.Fail(call, Errno.EINVAL, ordinal: 2);

        await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "03:00.0"));

        Assert.Empty(bench.Journal);
    }

    [Fact]
    public async Task What_xl_attached_is_detached_without_touching_its_grants()
    {
        await using ToolstackBench bench = new();
        using IDomainControl xl = bench.Host.BackendView.OpenDomainControl();
        await bench.GuestWith(7, "03:00.0");
        xl.AllowMemory(7, 0xFEB20, 4, allow: true);
        xl.Assign(7, Sound, relaxed: false);
        bench.Store.Write(StoreKeys.OwnerOf(ToolstackBench.Sound), "7");
        (string Key, string Value)[] written =
            [("key-1", "0000:04:00.0"), ("dev-1", "0000:04:00.0"), ("opts-1", "permissive=0"), ("state-1", "1"), ("num_devs", "2"), ("state", "7")];
            foreach ((string key, string value) in written)
        {
            bench.Store.Write(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), key), value);
        }

        await EventuallyAsync(() => bench.Shown(7).EndsWith("0000:04:00.0 0000:00:01.0 connected (xl)", StringComparison.Ordinal), "xl's device");
        await EventuallyAsync(() => bench.Key(7, "state") == "4", "connected again");

        BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "04:00.0"));
        Assert.Contains("has 0000:04:00.0 already", e.Message, StringComparison.Ordinal);
        await bench.Detach(7, "04:00.0");
        Assert.Equal("0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
        Assert.Equal(7, bench.Granted.OwnerOf(Sound));
        Assert.Contains(new LoopbackRange(0xFEB20, 4), bench.Granted.MemoryOf(7));
        Assert.Contains(bench.Lines.Warnings, line => line.Contains("attached by xl", StringComparison.Ordinal));
        await bench.Detach(7, "03:00.0");
        Assert.Equal([new LoopbackRange(0xFEB20, 4)], bench.Granted.MemoryOf(7));
        Assert.Empty(bench.Journal);
    }

    /// <summary>libxl's own detach of ours, which revokes only what it understands: the rest goes with the journal.</summary>
    [Fact]
    public async Task What_xl_detached_of_ours_is_revoked_to_the_last_frame()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0", "05:00.0");
        bench.Store.Write(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), "state-0"), "5");
        bench.Store.Write(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), "state"), "7");
        await EventuallyAsync(() => bench.Key(7, "state") == "4", "let go");
        using (IXenStoreTransaction transaction = bench.Store.BeginTransaction())
        {
            new DirectoryWriter(transaction, GuestId.Of(7)).RemoveDevices([Nic]);
            Assert.True(transaction.Commit());
        }

        await EventuallyAsync(() => bench.Journal.All(entry => entry.Device != Nic), "settled");
        Assert.Equal([new LoopbackRange(0xFEB30, 4)], bench.Granted.MemoryOf(7));
        Assert.Empty(bench.Granted.LinesOf(7));
    }

    [Fact]
    public async Task Only_what_the_guest_has_can_be_detached()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        foreach (string spec in new[] { "04:00.0", "05:00.*", "name=none" })
        {
            BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Detach(7, spec));
            Assert.Contains("does not have", e.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<BackendException>(() => bench.Detach(9, "03:00.0"));
        bench.Create(9).IsHardwareVirtualized = true;
        BackendException hvm = await Assert.ThrowsAsync<BackendException>(() => bench.Detach(9, "03:00.0"));
        Assert.Equal(BackendFailure.Refused, hvm.Failure);
    }

    [Fact]
    public async Task One_guests_requests_run_in_order()
    {
        await using ToolstackBench bench = new();
        bench.Guest(7);
        List<Task> requests = [];
        for (int i = 0; i < 5; i++)
        {
            requests.Add(bench.Attach(7, "03:00.0"));
            requests.Add(bench.Detach(7, "03:00.0"));
        }

        await Task.WhenAll(requests);
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task More_requests_than_anybody_means_are_refused()
    {
        await using ToolstackBench bench = new();
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0");
        guest.IsSilent = true;
        using CancellationTokenSource giveUp = new();
        List<Task> waiting = [.. Enumerable.Range(0, 64).Select(_ => bench.Detach(7, "03:00.0", cancellation: giveUp.Token))];
        BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Detach(7, "03:00.0"));
        Assert.Contains("waiting already", e.Message, StringComparison.Ordinal);
        await giveUp.CancelAsync();
        foreach (Task request in waiting)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        }
    }
}
