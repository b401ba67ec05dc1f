using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Xenstore;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>Every way in which an attach is refused, fails or is given up: what is said, and that nothing of it is left.</summary>
public sealed class FailedAttachTests
{
    private static readonly LoopbackRange[] NicFrames = [new(0xFEB00, 0x10), new(NicMemory >> 12, 0x40000)];

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
    public async Task A_device_of_which_the_configuration_says_nothing_definite_is_not_granted()
    {
        await using ToolstackBench bench = new() { HasRom = static _ => throw new BackendException(BackendFailure.Failed, "two entries for it") };
        bench.Guest(7);

        Assert.Contains("two entries for it", (await Assert.ThrowsAsync<BackendException>(() => bench.Attach(7, "03:00.0"))).Message, StringComparison.Ordinal);
        bench.AssertNothingLeft(7);
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
}
