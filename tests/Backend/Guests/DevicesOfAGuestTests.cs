using PciBackFlow.Backend.Tests.Xenstore;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>Which functions a guest has: at boot, one that fails, one that another has, and those that come and go.</summary>
public sealed class DevicesOfAGuestTests
{
    /// <summary>X4: the toolstack adds boot-time devices one transaction at a time.</summary>
    [Fact]
    public void Devices_added_at_boot_time_are_all_there_when_the_guest_connects()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        bench.Commit(store => Bench.WriteDevice(store, 7, 1, Bench.HostB));
        Bench.Eventually(() => bench.Read(7, "state-1") == "3", "second device");
        bench.Commit(store => Bench.WriteDevice(store, 7, 2, Bench.HostC));
        Bench.Eventually(() => bench.Read(7, "state-2") == "3", "third device");
        Assert.Equal(3, bench.State(7));
        Assert.Equal("0000:00:02.01", bench.Read(7, "vdev-2"));

        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostC), frontend.Read(devfn: 0x11, offset: 0, size: 4).Value);
    }

    /// <summary>X16.</summary>
    [Fact]
    public void One_failing_device_closes_itself_and_not_its_siblings()
    {
        using Bench bench = new();
        bench.Create(7, new PciAddress(0, 0x55, 0, 0), Bench.HostB, new PciAddress(0, 6, 0, 0));
        bench.AwaitState(7, 3);
        Assert.Equal(("6", "3", "6"), (bench.Read(7, "state-0"), bench.Read(7, "state-1"), bench.Read(7, "state-2")));
        Assert.Equal(("not-held", "unsupported"), (bench.Read(7, "error-0"), bench.Read(7, "error-2")));
        Assert.Contains("0000:55:00.0", bench.Read(7, "reason-0"), StringComparison.Ordinal);
        Assert.Contains("bridge", bench.Read(7, "reason-2"), StringComparison.Ordinal);
        Assert.Null(bench.Error(7));

        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
    }

    [Fact]
    public void A_function_belongs_to_one_guest_at_a_time()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        bench.Create(8, Bench.HostA);
        bench.AwaitState(8, 3);
        Assert.Contains("in use by domain 7", bench.Read(8, "reason-0"), StringComparison.Ordinal);

        // Whose it is, is not the guest's to know.
        using IXenStore own = bench.Host.ViewOf(8).OpenXenStore();
        Assert.Equal("in-use", own.Read($"{Bench.BackendPath(8)}/error-0"));
        Assert.Equal(Errno.EACCES, Assert.Throws<HypervisorException>(() => own.Read($"{Bench.BackendPath(8)}/reason-0")).Errno);

        // Its owner goes: the next one gets it.
        bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, "7"));
        Bench.Eventually(() => bench.Snapshot(7) is null, "domain 7 gone");
        bench.Create(9, Bench.HostA);
        Bench.Eventually(() => bench.Read(9, "state-0") == "3", "domain 9 has the function");
    }

    /// <summary>X5 and X6: 7 and 8, and the toolstack's renumbering.</summary>
    [Fact]
    public void Functions_come_and_go_while_the_guest_runs()
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        frontend.Write("state", "4");

        // Add one and remove the other in one step.
        bench.Commit(store =>
        {
            Bench.WriteDevice(store, 7, 1, Bench.HostB);
            store.Write($"{Bench.BackendPath(7)}/state-0", "5");
            store.Write($"{Bench.BackendPath(7)}/state", "7");
        });
        frontend.Write("state", "7");
        bench.AwaitState(7, 8);
        Assert.Equal("3", bench.Read(7, "state-1"));
        frontend.Write("state", "4");
        bench.AwaitState(7, 4);

        // The freed slot was used again.
        Assert.Equal("0000:00:00.00", bench.Read(7, "vdev-1"));
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 0, offset: 0, size: 4).Value);

        // The toolstack renumbers: 1 becomes 0. Then another is added as 1.
        bench.Commit(store =>
        {
            store.Write($"{Bench.BackendPath(7)}/dev-0", Bench.HostB.ToString());
            store.Write($"{Bench.BackendPath(7)}/vdev-0", "0000:00:00.00");
            store.Write($"{Bench.BackendPath(7)}/state-0", "3");
            store.Remove($"{Bench.BackendPath(7)}/vdev-1");
            Bench.WriteDevice(store, 7, 1, Bench.HostC);
            store.Write($"{Bench.BackendPath(7)}/state", "7");
        });
        frontend.Write("state", "7");
        bench.AwaitState(7, 8);
        frontend.Write("state", "4");
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        Assert.Equal(Bench.IdOf(Bench.HostC), frontend.Read(devfn: 0x09, offset: 0, size: 4).Value);
    }

    /// <summary>
    /// The toolstack's next transaction can fall between any two of the backend's reads; a device that was counted but
    /// not listed would be failed for good.
    /// </summary>
    [Theory]
    [InlineData("directory", "", 1)]
    [InlineData("directory", "", 2)]
    [InlineData("read", "/num_devs", 1)]
    [InlineData("read", "/num_devs", 2)]
    [InlineData("read", "/frontend", 2)]
    public void A_device_that_is_added_while_the_backend_looks_is_given(string operation, string key, int time)
    {
        TroubledStore? store = null;
        using Bench bench = new(around: hypervisor => store = new(hypervisor));
        int left = time;
        store!.Before = (what, path) =>
        {
            if (what == operation && path == Bench.BackendPath(7) + key && Interlocked.Decrement(ref left) == 0)
            {
                bench.Commit(toolstack => Bench.WriteDevice(toolstack, 7, 1, Bench.HostB));
            }
        };
        bench.Create(7, Bench.HostA);
        Bench.Eventually(() => bench.Read(7, "state-1") is not (null or "1"), "looked at");
        Assert.Equal(("3", null), (bench.Read(7, "state-1"), bench.Read(7, "error-1")));
    }

    /// <summary>
    /// libxl writes a device's keys and "Reconfiguring" in one transaction, the guest answers at once, and both can fall between any two of the backend's
    /// reads: a backend that has seen the answer, but read the devices before, would say "Reconfigured" without that device, and nobody would ask again.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    public void A_device_that_is_plugged_in_between_any_two_reads_is_given(int request)
    {
        TroubledStore? store = null;
        using Bench bench = new(around: hypervisor => store = new(hypervisor));
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        frontend.Write("state", "4");
        using ManualResetEventSlim isPlugged = new();
        int left = request;
        store!.Before = (_, _) =>
        {
            if (Interlocked.Decrement(ref left) != 0)
            {
                return;
            }

            bench.Commit(toolstack =>
            {
                Bench.WriteDevice(toolstack, 7, 1, Bench.HostB);
                toolstack.Write($"{Bench.BackendPath(7)}/state", "7");
            });
            frontend.Write("state", "7");
            isPlugged.Set();
        };

        bench.Store.Write($"{Bench.BackendPath(7)}/online", "1");

        Assert.True(isPlugged.Wait(TimeSpan.FromSeconds(20)), "a pass asks for less than thought");
        bench.AwaitState(7, 8);
        Assert.Equal(("3", null), (bench.Read(7, "state-1"), bench.Read(7, "error-1")));
    }
}
