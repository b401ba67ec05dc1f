using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests;

/// <summary>Start, stop, and many guests at once.</summary>
public sealed class BackendHostTests
{
    /// <summary>X1: what an earlier daemon left before it connected is continued, with the slots it published.</summary>
    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    [InlineData("3")]
    public void Directories_found_at_start_are_continued(string state)
    {
        using Bench bench = new(start: false);
        bench.Host.CreateDomain(7);
        bench.WriteDirectories(7, state, Bench.HostA, Bench.HostB);
        if (state == "3")
        {
            bench.Store.Write($"{Bench.BackendPath(7)}/vdev-1", "0000:00:05.00");
        }

        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.Backend.Start();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(state == "3" ? 0x28u : 0x08u, offset: 0, size: 4).Value);
    }

    [Fact]
    public void A_connected_directory_of_another_daemon_is_left_alone_and_said()
    {
        using Bench bench = new(start: false);
        bench.Host.CreateDomain(7);
        bench.WriteDirectories(7, "4", Bench.HostA);
        bench.Backend.Start();
        Bench.Eventually(() => bench.Lines.Warnings.Any(line => line.Contains("state 4", StringComparison.Ordinal)), "warning");
        Assert.Equal(4, bench.State(7));
    }

    [Fact]
    public void A_stop_unmaps_but_leaves_the_directory()
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        bench.Backend.Dispose();
        Assert.Equal(0, bench.Platform.Count);
        Assert.Equal(4, bench.State(7));
    }

    [Fact]
    public void Whatever_a_backend_opens_of_its_platform_it_closes()
    {
        OpenedParts parts = new();
        using (Bench bench = new(around: parts.Of))
        {
            bench.Connect(7, Bench.HostA).Dispose();
            Assert.True(parts.Open > 0);
        }

        Assert.Equal(0, parts.Open);
    }

    [Fact]
    public void Two_hundred_guests_are_spread_over_the_shards_and_all_served()
    {
        using Bench bench = new();
        for (int domain = 1; domain <= 200; domain++)
        {
            bench.Create(domain, new PciAddress(0, 0x55, 0, 0));
        }

        List<SmallFrontend> frontends = [];
        try
        {
            for (int domain = 1; domain <= 200; domain++)
            {
                SmallFrontend frontend = new(bench, domain);
                frontends.Add(frontend);
                frontend.Publish();
            }

            for (int domain = 1; domain <= 200; domain++)
            {
                bench.AwaitState(domain, 4);
                Assert.Equal(PciOpStatus.DeviceNotFound, frontends[domain - 1].Read(devfn: 0, offset: 0, size: 4).Status);
            }

            Bench.Eventually(() => bench.Backend.Guests.Count(guest => guest.Shard == 0) == 100, "half of them on shard 0");
            Assert.Equal(200, bench.Platform.Count);
        }
        finally
        {
            frontends.ForEach(frontend => frontend.Dispose());
        }
    }
}
