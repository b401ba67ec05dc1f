using PciBackFlow.Backend;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Tests.Frontends;

public sealed class RunningGuestTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_guest_connects_finds_hot_plugged_functions_and_begins_anew_after_it_lost_its_bus()
    {
        Assert.True(BuiltinCaptures.TryLoad("e1000e", out Capture? nic));
        Assert.True(BuiltinCaptures.TryLoad("nvme", out Capture? disk));
        CapturedFunction[] functions = [.. CapturedFunction.All(nic), .. CapturedFunction.All(disk)];
        PciAddress first = functions[0].Address;
        PciAddress second = functions[^1].Address;
        LoopbackHost host = new();
        using ExclusiveFunctions source = new(functions);
        using BackendHost backend = new(new BackendOptions { Hypervisor = host.BackendView, FunctionSource = source });
        backend.Start();
        using LoopbackToolstack toolstack = new(host);
        using RunningGuest guest = new(host, 5, "five");

        toolstack.AddBootDevice(5, first);
        Eventually(() => guest.Ids.Count == 1);
        toolstack.HotAddDevice(5, second);
        Eventually(() => guest.Ids.Count == 2);
        Assert.Equal([0x10D38086u, 0x00101B36u], guest.Ids);
        Assert.True(toolstack.RemoveDevices(5, Patience));
        Eventually(() => guest.Ids.Count == 0);
        toolstack.AddBootDevice(5, second);
        Eventually(() => guest.Ids is [0x00101B36u]);
    }

    [Fact]
    public void A_guest_that_never_gets_a_bus_ends_at_once()
    {
        LoopbackHost host = new();

        RunningGuest guest = new(host, 1, "idle");
        guest.Dispose();

        Assert.DoesNotContain(host.Domains, domain => domain.DomainId == 1);
    }

    private static void Eventually(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Patience));
}
