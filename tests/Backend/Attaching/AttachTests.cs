using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Xenstore;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>Attach: what a guest is granted, what its directories hold, and when it has its device.</summary>
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
    public async Task A_ROM_that_the_policy_keeps_from_the_guest_is_not_granted()
    {
        await using ToolstackBench bench = new() { HasRom = static device => device != Nic };
        bench.Guest(7);

        await bench.Attach(7, "03:00.0");

        Assert.DoesNotContain(bench.Granted.MemoryOf(7), range => range.First <= 0xFEB00 && 0xFEB00 < range.First + range.Count);
        Assert.NotEmpty(bench.Granted.MemoryOf(7));
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

    [Fact]
    public async Task A_guest_without_a_frontend_is_offered_the_device()
    {
        await using ToolstackBench bench = new(timing: new() { FirstConnect = TimeSpan.FromMilliseconds(200) });
        bench.Create(7);
        Assert.Equal(AttachmentState.Offered, (await bench.Attach(7, "03:00.0")).State);
        await bench.Detach(7, "03:00.0");
        bench.AssertNothingLeft(7);
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

    /// <summary>The backend has written 4, the guest has not looked yet: were it to see 7 first, older kernels would never connect.</summary>
    [Fact]
    public async Task A_guest_that_is_just_connecting_is_told_of_another_device_when_it_has_seen_that_it_is()
    {
        await using ToolstackBench bench = new();
        LinuxGuest guest = await bench.GuestWith(7, "03:00.0");
        guest.IsSilent = true;
        guest.Write("state", "3");
        Task<AttachedDevice> attach = bench.Attach(7, "05:00.0");
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Equal("4", bench.Key(7, "state"));

        guest.IsSilent = false;
        Assert.Equal(AttachmentState.Connected, (await attach).State);
    }
}
