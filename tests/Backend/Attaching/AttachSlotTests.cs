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

/// <summary>Where the guest sees a device that is attached: slots that are asked for, siblings, and functions without a function 0.</summary>
public sealed class AttachSlotTests
{
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
}
