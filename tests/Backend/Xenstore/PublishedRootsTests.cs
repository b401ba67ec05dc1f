using PciBackFlow.Backend.Slots;

namespace PciBackFlow.Backend.Tests.Xenstore;

/// <summary>The addresses and roots that the backend publishes.</summary>
public sealed class PublishedRootsTests
{
    [Fact]
    public void Passthrough_slots_publish_the_hosts_addresses_and_every_bus_as_a_root()
    {
        using Bench bench = new(SlotMode.Passthrough);
        bench.Create(7, Bench.HostA, Bench.HostC);
        bench.AwaitState(7, 3);
        Assert.Equal("0000:05:00.01", bench.Read(7, "vdev-1"));
        Assert.Equal(("2", "0000:03", "0000:05"), (bench.Read(7, "root_num"), bench.Read(7, "root-0"), bench.Read(7, "root-1")));
        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostC), frontend.Read(devfn: 1, offset: 0, size: 4, bus: 5).Value);
    }

    /// <summary>X17.</summary>
    [Fact]
    public void An_unreadable_published_root_closes_and_existing_ones_are_kept()
    {
        using Bench bench = new(SlotMode.Passthrough, start: false);
        bench.Host.CreateDomain(7);
        bench.Host.CreateDomain(8);
        bench.WriteDirectories(7, "1", Bench.HostA);
        bench.Store.Write($"{Bench.BackendPath(7)}/root_num", "1");
        bench.Store.Write($"{Bench.BackendPath(7)}/root-0", "zzzz");
        bench.WriteDirectories(8, "1", Bench.HostB, Bench.HostC);
        bench.Store.Write($"{Bench.BackendPath(8)}/root_num", "1");
        bench.Store.Write($"{Bench.BackendPath(8)}/root-0", "0000:05");
        bench.Backend.Start();
        bench.AwaitState(7, 5);
        Assert.Contains("root-0", bench.Error(7), StringComparison.Ordinal);
        bench.AwaitState(8, 3);
        Assert.Equal(("2", "0000:05", "0000:04"), (bench.Read(8, "root_num"), bench.Read(8, "root-0"), bench.Read(8, "root-1")));
    }
}
