using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Xenstore;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>Attach: what a guest is granted, what its directories hold, and every way it is refused or undone.</summary>
public sealed class AttachTests
{
    private static readonly LoopbackRange[] NicFrames = [new(0xFEB00, 0x10), new(NicMemory >> 12, 0x40000)];

    [Fact]
    public async Task A_running_guest_has_the_device_when_attach_returns()
    {
        await using ToolstackBench bench = new();
        bench.Guest(7);
        AttachedDevice device = await bench.Attach(7, "03:00.0,permissive=1");
        Assert.Equal(new AttachedDevice(7, Nic, new PciAddress(0, 0, 0, 0), AttachmentState.Connected, IsOurs: true), device);
        Assert.Equal(NicFrames, bench.Granted.MemoryOf(7));
        Assert.Equal([new LoopbackRange(0xC000, 0x20)], bench.Granted.PortsOf(7));
        Assert.Equal([20], bench.Granted.LinesOf(7));
        Assert.Equal(7, bench.Granted.OwnerOf(Nic));
        Assert.Equal("7", bench.Store.Read(StoreKeys.OwnerOf(ToolstackBench.Nic)));
        Assert.Equal(
            ("0000:03:00.0", "0000:03:00.0", "msitranslate=0,power_mgmt=0,permissive=1,rdm_policy=strict", "1", null, "guest7", "1"),
            (
                bench.Key(7, "key-0"), bench.Key(7, "dev-0"), bench.Key(7, "opts-0"), bench.Key(7, "num_devs"), bench.Key(7, "vdevfn-0"),
                bench.Key(7, "domain"), bench.Key(7, "online")));
        Assert.Equal("ready 0000:03:00.0", bench.Order.First());
        Assert.Equal(
            [new XenStorePermission(0, XenStoreAccess.None), new(7, XenStoreAccess.Read)], bench.Store.GetPermissions(
                StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), "dev-0")));
        Assert.Equal(
            [new XenStorePermission(7, XenStoreAccess.None), new(0, XenStoreAccess.Read)], bench.Store.GetPermissions(
                StoreKeys.StateOf(StoreKeys.FrontendOf(GuestId.Of(7)))));
    }

    [Theory]
    [InlineData("path=pci0000:04/00.0")]
    [InlineData("id=8086:2668,permissive=0")]
    [InlineData("class=04")]
    public async Task A_device_is_attached_and_detached_by_what_a_renumbering_does_not_change(string spec)
    {
        await using ToolstackBench bench = new();
        bench.Guest(7);

        Assert.Equal(ToolstackBench.Sound, (await bench.Attach(7, spec)).Host);
        await bench.Detach(7, spec);
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_specification_that_fits_two_devices_is_refused_with_both_whichever_is_held()
    {
        await using ToolstackBench bench = new();
        bench.Guest(7);
        bench.Custody.Forget(ToolstackBench.Disk1);

        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "id=1b36:0010"));

        Assert.Equal(BackendFailure.Malformed, refused.Failure);
        Assert.Contains("0000:05:00.0 (path=pci0000:05/00.0), 0000:05:00.1 (path=pci0000:05/00.1)", refused.Message, StringComparison.Ordinal);
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_ROM_that_the_policy_keeps_from_the_guest_is_not_granted()
    {
        await using ToolstackBench bench = new() { HasRom = static device => device != Nic };
        bench.Guest(7);

        await bench.Attach(7, "03:00.0");

        Assert.DoesNotContain(bench.Granted.MemoryOf(7), range => range.First <= 0xFEB00 && 0xFEB00 < range.First + range.Count);
        Assert.NotEmpty(bench.Granted.MemoryOf(7));
    }

    [Fact]
    public async Task A_device_of_which_the_configuration_says_nothing_definite_is_not_granted()
    {
        await using ToolstackBench bench = new() { HasRom = static _ => throw new BackendException(BackendFailure.Failed, "two entries for it") };
        bench.Guest(7);

        Assert.Contains("two entries for it", (await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "03:00.0"))).Message, StringComparison.Ordinal);
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_connected_guest_is_told_of_the_next_devices_and_renumbered_ones_do_not_confuse_it()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0", "04:00.0@0a", "05:00.0");
        Assert.Equal("50", bench.Key(7, "vdevfn-1"));
        Assert.Equal("0000:03:00.0 0000:00:00.0 connected | 0000:04:00.0 0000:00:0a.0 connected | 0000:05:00.0 0000:00:01.0 connected", bench.Shown(7));
        await bench.Detach(7, "03:00.0");
        Assert.Equal("0000:04:00.0 0000:00:0a.0 connected | 0000:05:00.0 0000:00:01.0 connected", bench.Shown(7));
        Assert.Equal(("50", null, "2"), (bench.Key(7, "vdevfn-0"), bench.Key(7, "dev-2"), bench.Key(7, "num_devs")));
        await bench.Attach(7, "05:00.1");
        Assert.Equal(
            "0000:04:00.0 0000:00:0a.0 connected | 0000:05:00.0 0000:00:01.0 connected | 0000:05:00.1 0000:00:01.1 connected", bench.Shown(7));
        await bench.Detach(7, "05:00.*");
        Assert.Equal("0000:04:00.0 0000:00:0a.0 connected", bench.Shown(7));
        await bench.Detach(7, "04:00.0");
        bench.AssertNothingLeft(7);
    }

    /// <summary>Slot 0 is a slot like others, though libxl has no word for it.</summary>
    [Fact]
    public async Task A_slot_that_is_asked_for_is_given_or_refused_with_who_has_it()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0@1f");
        Assert.Equal("f8", bench.Key(7, "vdevfn-0"));

        BackendException taken = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "04:00.0@1f"));

        Assert.Equal(BackendFailure.Failed, taken.Failure);
        Assert.StartsWith("slot 1f of domain 7 is taken: 0000:03:00.0 has it", taken.Message, StringComparison.Ordinal);
        Assert.Equal("0000:03:00.0 0000:00:1f.0 connected", bench.Shown(7));
        Assert.NotEqual(7, bench.Granted.OwnerOf(PciAddress.Parse("04:00.0")));
        Assert.Equal(new PciAddress(0, 0, 0, 0), (await bench.Attach(7, "04:00.0@0")).Guest);
        Assert.Contains("slot 00", (await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "05:00.0@0"))).Message, StringComparison.Ordinal);
        Assert.Equal(new PciAddress(0, 0, 1, 0), (await bench.Attach(7, "05:00.0")).Guest);
        Assert.DoesNotContain(bench.Lines.Warnings, line => line.Contains("slot", StringComparison.Ordinal));
    }

    /// <summary>Neither has a place yet: the one that was asked for first counts.</summary>
    [Fact]
    public async Task A_slot_that_another_device_is_waiting_for_is_taken()
    {
        await using ToolstackBench bench = new(start: false);
        bench.Create(7);
        await bench.AttachAll(7, "03:00.0@5", wait: false);

        BackendException taken = await Assert.ThrowsAsync<BackendException>(() => bench.AttachAll(7, "04:00.0@5", wait: false));

        Assert.Contains("0000:03:00.0 has it", taken.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Siblings_share_a_slot_that_is_asked_for()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "05:00.0@5", "05:00.1@5");
        Assert.Equal("0000:05:00.0 0000:00:05.0 connected | 0000:05:00.1 0000:00:05.1 connected", bench.Shown(7));
    }

    /// <summary>While its sibling is held, it may come; xl's own attach keeps the number, as Linux's xen-pciback does.</summary>
    [Fact]
    public async Task A_function_without_held_siblings_becomes_function_0()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        Assert.Equal(new PciAddress(0, 0, 1, 1), (await bench.Attach(7, "05:00.1")).Guest);
        await bench.Detach(7, "05:00.1");
        bench.Custody.GiveBack(Disk0, rebind: false, force: true);

        Assert.Equal(new PciAddress(0, 0, 1, 0), (await bench.Attach(7, "05:00.1")).Guest);
        await bench.Detach(7, "05:00.1");
        await bench.AttachByXl(7, Disk1);
        Assert.Equal("0000:03:00.0 0000:00:00.0 connected | 0000:05:00.1 0000:00:01.1 connected (xl)", bench.Shown(7));
    }

    [Fact]
    public async Task All_functions_of_a_slot_are_reported()
    {
        await using ToolstackBench bench = new();
        bench.Guest(7);
        IReadOnlyList<AttachedDevice> devices = await bench.AttachAll(7, "05:00.*@6");
        Assert.Equal([Disk0, Disk1], devices.Select(static device => device.Host));
        Assert.All(devices, static device => Assert.Equal((AttachmentState.Connected, true, 6), (device.State, device.IsOurs, device.Guest!.Value.Slot)));
    }

    [Fact]
    public async Task Of_several_functions_the_guest_gets_none_when_somebody_removes_one_at_once()
    {
        await using ToolstackBench bench = new(start: false);
        bench.Create(7);
        bench.Lines.Logged = line =>
        {
            if (line.Contains("0000:05:00.1 granted and offered", StringComparison.Ordinal))
            {
                bench.Store.Run(store => new DirectoryWriter(store, GuestId.Of(7)).RemoveDevices([Disk1]));
            }
        };

        BackendException failure = await Assert.ThrowsAsync<BackendException>(() => bench.AttachAll(7, "05:00.*@6", wait: false));

        Assert.Contains("0000:05:00.1 was removed at once", failure.Message, StringComparison.Ordinal);
        bench.AssertNothingLeft(7);
    }

    /// <summary>Before the guest's first instruction: several devices, none of which waits for a frontend that cannot answer.</summary>
    [Fact]
    public async Task A_paused_guest_is_offered_devices_and_has_them_when_it_runs()
    {
        await using ToolstackBench bench = new();
        bench.Create(7);
        using IDomainControl domains = bench.Host.BackendView.OpenDomainControl();
        domains.Pause(7);
        Assert.Equal(AttachmentState.Offered, (await bench.Attach(7, "03:00.0")).State);
        Assert.Equal(AttachmentState.Offered, (await bench.Attach(7, "05:00.*@3")).State);
        Assert.Equal("0000:03:00.0 0000:00:00.0 offered | 0000:05:00.0 0000:00:03.0 offered | 0000:05:00.1 0000:00:03.1 offered", bench.Shown(7));
        domains.Unpause(7);
        bench.Boot(7);
        await EventuallyAsync(() => bench.Toolstack.List(7).All(device => device.State == AttachmentState.Connected), "connected");
        await bench.Detach(7, "03:00.0");
        await bench.Detach(7, "05:00.*");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task Devices_attached_while_the_guest_connects_are_never_lost()
    {
        for (int round = 0; round < 10; round++)
        {
            await using ToolstackBench bench = new();
            bench.Guest(7);
            Task[] attached = [bench.Attach(7, "03:00.0"), bench.Attach(7, "04:00.0"), bench.Attach(7, "05:00.0")];
            await Task.WhenAll(attached);
            await EventuallyAsync(() => bench.Toolstack.List(7).All(device => device.State == AttachmentState.Connected), bench.Shown(7));
        }
    }

    [Fact]
    public async Task Two_guests_get_their_devices_side_by_side_and_one_device_goes_to_one()
    {
        await using ToolstackBench bench = new();
        bench.Custody.Lines[Sound] = 21;
        bench.Guest(7);
        bench.Guest(8);
        await Task.WhenAll(bench.Attach(7, "03:00.0"), bench.Attach(8, "04:00.0"));
        Task<AttachedDevice>[] both = [bench.Attach(7, "05:00.0"), bench.Attach(8, "05:00.0")];
        await Task.WhenAny(Task.WhenAll(both));
        Task<AttachedDevice> refused = Assert.Single(both, task => task.IsFaulted);
        BackendException e = await Assert.ThrowsAsync<BackendException>(() => refused);
        Assert.Equal(BackendFailure.Refused, e.Failure);
        int owner = bench.Granted.OwnerOf(Disk0);
        Assert.Equal(owner == 7 ? 7 : 8, owner);
        Assert.Equal("2", bench.Key(owner, "num_devs"));
    }

    public static TheoryData<string, string, BackendFailure, string> Refusals => new()
    {
        { "no such domain", "03:00.0", BackendFailure.Failed, "no domain 7" },
        { "domain 0", "03:00.0", BackendFailure.Refused, "host itself" },
        { "HVM", "03:00.0", BackendFailure.Refused, "QEMU" },
        { "dying", "03:00.0", BackendFailure.Failed, "dying" },
        { "no IOMMU", "03:00.0", BackendFailure.Refused, "IOMMU" },
        { "without passthrough", "03:00.0", BackendFailure.Failed, "passthrough=\"enabled\"" },
        { "not held", "03:00.0", BackendFailure.Failed, "pci-assignable-add" },
        { "unknown name", "name=x", BackendFailure.Failed, "pci-assignable-add" },
        { "all without slot", "05:00.*", BackendFailure.Malformed, "@VSLOT" },
        { "not ready", "03:00.0", BackendFailure.Failed, "was swapped" },
        { "xl's", "03:00.0", BackendFailure.Refused, "belongs to domain 8" },
        { "unknown to Xen", "03:00.0", BackendFailure.Failed, "does not know" },
        { "a bridge", "06:00.0", BackendFailure.Failed, "bridge" },
        { "memory", "03:00.0", BackendFailure.Failed, "memory at 0x38" },
        { "ports", "03:00.0", BackendFailure.Failed, "I/O ports at 0xc000" },
        { "line", "03:00.0", BackendFailure.Failed, "line interrupt 20" },
        { "permission", "03:00.0", BackendFailure.Failed, "pirq 20" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refused_attach_says_why_and_leaves_nothing(string why, string spec, BackendFailure failure, string message)
    {
        await using ToolstackBench bench = new(new()
        {
            HasIommu = why != "no IOMMU",
            KnownFunctions = why == "unknown to Xen" ? new HashSet<PciAddress> { Sound } : null,
        });
        LoopbackDomain? guest = why == "no such domain" ? null : bench.Create(7);
        if (guest is not null && why is not ("dying" or "HVM"))
        {
            bench.Boot(7);
        }

        bench.Create(8);
        switch (why)
        {
            case "HVM":
                guest!.IsHardwareVirtualized = true;
                break;
            case "dying":
                bench.Host.BeginDestroy(7);
                break;
            case "without passthrough":
                guest!.AllowsPassthrough = false;
                break;
            case "not held":
                bench.Custody.Forget(Nic);
                break;
            case "not ready":
                bench.Custody.Unready[Nic] = "was swapped for another card";
                break;
            case "xl's":
                bench.Store.Write(StoreKeys.OwnerOf(ToolstackBench.Nic), "8");
                break;
            case "memory":
                bench.Granted.Fail(LoopbackCall.AllowMemory, Errno.EPERM);
                break;
            case "ports":
                bench.Granted.Fail(LoopbackCall.AllowPorts, Errno.EPERM);
                break;
            case "line":
                bench.Granted.Fail(LoopbackCall.MapLine, Errno.EPERM);
                break;
            case "permission":
                bench.Granted.Fail(LoopbackCall.AllowInterrupt, Errno.EPERM);
                break;
        }

        BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(why == "domain 0" ? 0 : 7, spec));
        Assert.Equal(failure, e.Failure);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        if (why == "xl's")
        {
            bench.Store.Remove(StoreKeys.OwnerOf(ToolstackBench.Nic));
        }

        bench.AssertNothingLeft(7, 8);
    }

    [Fact]
    public async Task A_device_that_fails_in_the_backend_takes_its_slot_mates_back_and_leaves_the_others()
    {
        await using ToolstackBench bench = new();
        await bench.GuestWith(7, "03:00.0");
        BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "06:00.0"));
        Assert.Contains("bridge", e.Message, StringComparison.Ordinal);
        await EventuallyAsync(() => bench.Shown(7) == "0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
        Assert.Equal(NicFrames, bench.Granted.MemoryOf(7));
        await EventuallyAsync(() => bench.Key(7, "state") == "4", "connected again");
        await bench.Attach(7, "04:00.0");
    }

    [Fact]
    public async Task A_guest_that_does_not_take_a_device_up_does_not_keep_it()
    {
        await using ToolstackBench bench = new(timing: new() { TakeUp = TimeSpan.FromMilliseconds(300) });
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0");
        guest.IsSilent = true;
        BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "04:00.0"));
        Assert.Contains("did not take 0000:04:00.0 up", e.Message, StringComparison.Ordinal);
        Assert.Equal(NicFrames, bench.Granted.MemoryOf(7));
        Assert.Equal([20], bench.Granted.LinesOf(7));
        Assert.Equal(0x7FF1, bench.Granted.OwnerOf(Sound));

        // It answers late: nobody is confused.
        guest.IsSilent = false;
        await EventuallyAsync(() => bench.Key(7, "state") == "4", "connected again");
        Assert.Equal(AttachmentState.Connected, (await bench.Attach(7, "04:00.0")).State);
    }

    [Fact]
    public async Task Giving_up_takes_everything_back()
    {
        await using ToolstackBench bench = new();
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0");
        guest.IsSilent = true;
        using CancellationTokenSource giveUp = new(200);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.Attach(7, "04:00.0", cancellation: giveUp.Token));
        Assert.Equal("1", bench.Key(7, "num_devs"));
        Assert.Equal(0x7FF1, bench.Granted.OwnerOf(Sound));
        Assert.Equal(NicFrames, bench.Granted.MemoryOf(7));
    }

    [Fact]
    public async Task A_guest_without_a_frontend_is_offered_the_device()
    {
        await using ToolstackBench bench = new(timing: new() { FirstConnect = TimeSpan.FromMilliseconds(200) });
        bench.Create(7);
        Assert.Equal(AttachmentState.Offered, (await bench.Attach(7, "03:00.0")).State);
        await bench.Detach(7, "03:00.0");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_guest_that_closed_its_frontend_is_said_to_have()
    {
        await using ToolstackBench bench = new(timing: new() { Ready = TimeSpan.FromMilliseconds(200) });
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0");
        guest.IsSilent = true;
        guest.Write("state", "6");
        await EventuallyAsync(() => bench.Key(7, "state") == "6", "closed");
        BackendException e = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "04:00.0"));
        Assert.Contains("closed its PCI frontend", e.Message, StringComparison.Ordinal);
        Assert.Equal(AttachmentState.Leaving, bench.Toolstack.List(7)[0].State);
        Assert.Equal("1", bench.Key(7, "num_devs"));
    }

    /// <summary>X9, X10: a guest writes whatever it likes into its own directory while it is served.</summary>
    [Fact]
    public async Task A_hostile_frontend_gets_an_error_and_takes_nothing_with_it()
    {
        await using ToolstackBench bench = new(timing: new() { TakeUp = TimeSpan.FromSeconds(2), Ready = TimeSpan.FromMilliseconds(300) });
        LinuxGuest guest = bench.Guest(7);
        bench.Guest(8);
        await bench.Attach(7, "03:00.0");
        guest.IsSilent = true;
        guest.Write("backend", StoreKeys.BackendOf(GuestId.Of(8)));
        guest.Write("junk", new string('x', 2000));
        Task<AttachedDevice> attached = bench.Attach(7, "04:00.0");
        for (int i = 0; i < 3000; i++)
        {
            guest.Write("state", i % 3 == 0 ? "99999999999999" : "4");
        }

        guest.Remove();
        BackendException e = await Assert.ThrowsAsync<BackendException>(() => attached);
        Assert.InRange(e.Message.Length, 1, 600);
        Assert.Equal(AttachmentState.Connected, (await bench.Attach(8, "05:00.0")).State);
        Assert.Equal(8, bench.Granted.OwnerOf(Disk0));
        Assert.Equal(0x7FF1, bench.Granted.OwnerOf(Sound));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public async Task Conflicts_in_xenstore_are_tried_again(int conflicts)
    {
        ConflictingStore? store = null;
        await using ToolstackBench bench = new(around: inner => store = new(inner, conflicts));
        await bench.GuestWith(7, "03:00.0");
        Assert.InRange(store!.Left, int.MinValue, 0);
        await bench.Detach(7, "03:00.0");
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task Seize_takes_the_device_first_and_a_name_stands_for_it()
    {
        await using ToolstackBench bench = new();
        bench.Guest(7);
        bench.Custody.Forget(Nic);
        await bench.Attach(7, "03:00.0,seize=1");
        bench.Custody.Hold(Sound, "speaker");
        await bench.Attach(7, "name=speaker");
        Assert.Equal("speaker", bench.Key(7, "name-1"));
        await bench.Detach(7, "name=speaker");
        Assert.Equal("0000:03:00.0 0000:00:00.0 connected", bench.Shown(7));
    }

    [Fact]
    public async Task Domains_are_found_by_id_and_name()
    {
        await using ToolstackBench bench = new();
        bench.Create(7);
        Assert.Equal((7, 7), (bench.Toolstack.Resolve("7"), bench.Toolstack.Resolve("guest7")));
        Assert.Throws<BackendException>(() => bench.Toolstack.Resolve("8"));
        Assert.Throws<BackendException>(() => bench.Toolstack.Resolve("guest"));
    }
}
