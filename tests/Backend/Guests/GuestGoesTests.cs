using PciBackFlow.Backend.Tests.Xenstore;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>How a guest or its directories go, and what is left then.</summary>
public sealed class GuestGoesTests
{
    /// <summary>X11: removal at each step; the vanish rule's sibling.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void A_removed_directory_is_never_created_again(int at)
    {
        TroubledStore? store = null;
        using Bench bench = new(around: hypervisor => store = new(hypervisor));

        // 2 is passed through at once unless what has to be done in it is refused.
        if (at == 2)
        {
            store!.Before = RefuseSlots;
        }

        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        if (at == 2)
        {
            bench.AwaitState(7, 2);
        }

        if (at >= 3)
        {
            bench.AwaitState(7, 3);
        }

        if (at >= 4)
        {
            frontend.Publish();
            bench.AwaitState(7, 4);
        }

        if (at is 5 or 6)
        {
            frontend.Write("state", "5");
            bench.AwaitState(7, 5);
        }

        if (at == 6)
        {
            frontend.Write("state", "6");
            bench.AwaitState(7, 6);
        }

        if (at >= 7)
        {
            frontend.Write("state", "4");
            bench.Commit(toolstack =>
            {
                Bench.WriteDevice(toolstack, 7, 1, Bench.HostB);
                toolstack.Write($"{Bench.BackendPath(7)}/state", "7");
            });
        }

        if (at == 8)
        {
            frontend.Write("state", "7");
            bench.AwaitState(7, 8);
        }

        if (at != 1)
        {
            Assert.Equal(at, bench.State(7));
        }

        bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, "7"));
        store!.Before = null;
        Bench.Eventually(() => bench.Snapshot(7) is null, "gone");
        Assert.Null(bench.Store.Directory(Bench.BackendPath(7)));
        Assert.Equal(0, bench.Platform.Count);

        static void RefuseSlots(string operation, string path)
        {
            if (operation == "write" && path == $"{Bench.BackendPath(7)}/vdev-0")
            {
                throw new HypervisorException(Errno.EIO, $"{operation} {path} is refused");
            }
        }
    }

    /// <summary>X13: removed and created anew while the old instance still serves.</summary>
    [Fact]
    public void A_successor_begins_where_its_predecessor_vanished()
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        bench.Commit(store =>
        {
            store.Remove(Bench.BackendPath(7));
            store.Write($"{Bench.FrontendPath(7)}/state", "1");
        });
        bench.WriteDirectories(7, "1", Bench.HostA, Bench.HostB);
        bench.AwaitState(7, 3);
        Assert.Equal(0, bench.Platform.Count);
        Bench.Eventually(() => bench.Read(7, "state-1") == "3", "successor's second device");
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 8, offset: 0, size: 4).Value);
    }

    /// <summary>X14.</summary>
    [Fact]
    public void A_guest_taken_offline_goes_when_its_frontend_has_closed()
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        bench.Commit(store =>
        {
            store.Write($"{Bench.BackendPath(7)}/online", "0");
            store.Write($"{Bench.BackendPath(7)}/state", "5");
        });
        Assert.Equal(Bench.IdOf(Bench.HostA), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        frontend.Write("state", "6");
        bench.AwaitState(7, 6);
        Bench.Eventually(() => bench.Snapshot(7) is null, "gone");
        Assert.Equal(0, bench.Platform.Count);
    }

    /// <summary>A mapped page keeps a dead domain as a zombie, so it must go although the toolstack has not removed a single key.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_domain_that_died_or_halted_is_unmapped_while_its_toolstack_still_has_its_directories(bool halted)
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        Assert.Equal(1, bench.Platform.Count);

        if (halted)
        {
            bench.Host.ShutDown(7);
        }
        else
        {
            bench.Host.BeginDestroy(7);
        }

        bench.AwaitState(7, halted ? 4 : 6);
        Bench.Eventually(() => bench.Platform.Count == 0, "unmapped");

        // The function is taken back after that, and only then anybody else's.
        Bench.Eventually(() => bench.Lines.Texts.Any(static line => line.Contains("0000:03:00.0 taken back", StringComparison.Ordinal)), "taken back");
        bench.Create(8, Bench.HostA);
        bench.AwaitState(8, 3);
        Assert.Equal("3", bench.Read(8, "state-0"));
    }

    [Fact]
    public void A_domain_that_dies_gives_its_functions_back()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        using (SmallFrontend frontend = new(bench, 7))
        {
            bench.AwaitState(7, 3);
            frontend.Publish();
            bench.AwaitState(7, 4);
        }

        bench.Host.DestroyDomain(7);
        Bench.Eventually(() => bench.Snapshot(7) is null && bench.Platform.Count == 0, "domain 7 gone");
        bench.Create(8, Bench.HostA);
        bench.AwaitState(8, 3);
        Assert.Equal("3", bench.Read(8, "state-0"));
    }
}
