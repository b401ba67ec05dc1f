using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>
/// A service manager keeps the daemon's event-channel descriptors: the daemon is killed, the next one gets them, and guests' ports have been bound all the
/// time.
/// </summary>
public sealed class DescriptorStoreTests
{
    private const int Domain = 5;
    private const int Other = 6;
    private static readonly (PciOpStatus, uint) Identity = (PciOpStatus.Success, 0x10FB_8086);

    [Fact]
    public void A_guest_is_served_on_without_being_bound_again()
    {
        MemoryServiceManager manager = new();
        using RestartBench bench = new(manager: manager);
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        int? port = bench.Snapshot(Domain)!.Port;
        for (int i = 0; i < 3; i++)
        {
            bench.KillAndStartNext();
            bench.AwaitServed(Domain);

            Assert.Equal(Identity, frontend.Read(0, 0, 4));
            Assert.Equal((0, port), (bench.Process.Binds, bench.Snapshot(Domain)!.Port));
            Assert.Equal(["events-0"], manager.Stored);
            Assert.Empty(bench.Lines.Warnings);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_it_asked_while_nobody_was_there_is_answered_by_the_next(bool isSignalled)
    {
        using RestartBench bench = new(manager: new());
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        bench.Kill();
        frontend.Post(new() { Command = PciOpCode.ConfigRead, Offset = 0, Size = 4 });
        if (!isSignalled)
        {
            // Its event was delivered to the dead one, who did nothing any more: the port is masked, and nothing is pending.
            Deliver(bench);
        }

        bench.StartNext();
        PciOpRequest answer = frontend.AwaitAnswer();

        Assert.Equal(Identity, (answer.Error, answer.Value));
        Assert.Equal(Identity, frontend.Read(0, 0, 4));
        Assert.Equal(0, bench.Process.Binds);
    }

    [Fact]
    public void The_port_of_a_guest_that_died_meanwhile_is_free_again()
    {
        MemoryServiceManager manager = new();
        using RestartBench bench = new(manager: manager);
        using SmallFrontend living = bench.Connect(Domain, RestartBench.Nic);
        using SmallFrontend dying = bench.Connect(Other, RestartBench.Sound);
        int port = bench.Snapshot(Other)!.Port!.Value;
        bench.Kill();
        bench.Host.DestroyDomain(Other);
        bench.StartNext();
        bench.AwaitServed(Domain);

        Bench.Eventually(() => LowestFreePort(bench) == port, $"port {port} is free");
        Assert.Equal(Identity, living.Read(0, 0, 4));
        Assert.Equal(0, bench.Process.Binds);
    }

    [Theory]
    [InlineData("unknown to the file", null, null)]
    [InlineData("of no port", 0, -1)]
    [InlineData("of a port beyond all", 0, int.MaxValue)]
    [InlineData("of a port that is not bound", 0, 4_000)]
    [InlineData("on a shard that there is not", 7, 1)]
    [InlineData("on a shard below the first", -1, 1)]
    public void A_port_that_is_not_known_is_unbound_and_bound_anew(string what, int? shard, int? port)
    {
        using RestartBench bench = new(manager: new());
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        bench.Kill();
        Rewrite(bench, Domain, shard, port);
        bench.StartNext();
        bench.AwaitServed(Domain);

        Assert.True(frontend.Read(0, 0, 4) == Identity, what);
        Assert.Equal(1, bench.Process.Binds);
        Assert.Empty(bench.Lines.Warnings);
    }

    [Fact]
    public void A_port_that_is_another_guests_is_left_to_it()
    {
        using RestartBench bench = new(manager: new());
        using SmallFrontend first = bench.Connect(Domain, RestartBench.Nic);
        using SmallFrontend second = bench.Connect(Other, RestartBench.Sound);
        bench.Kill();
        Rewrite(bench, Domain, 0, bench.Snapshot(Other)!.Port);
        bench.StartNext();
        bench.AwaitServed(Domain);
        bench.AwaitServed(Other);

        Assert.Equal(Identity, first.Read(0, 0, 4));
        Assert.Equal((PciOpStatus.Success, 0x2668_8086u), second.Read(0, 0, 4));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 2)]
    public void Another_number_of_shards_serves_all_guests_and_keeps_as_many_descriptors(int before, int after)
    {
        MemoryServiceManager manager = new();
        using RestartBench bench = new(manager: manager);
        bench.Kill();
        bench.Shards = before;
        bench.StartNext();
        using SmallFrontend first = bench.Connect(Domain, RestartBench.Nic);
        using SmallFrontend second = bench.Connect(Other, RestartBench.Sound);
        bench.Kill();
        bench.Shards = after;
        bench.StartNext();
        bench.AwaitServed(Domain);
        bench.AwaitServed(Other);

        Assert.Equal(Identity, first.Read(0, 0, 4));
        Assert.Equal((PciOpStatus.Success, 0x2668_8086u), second.Read(0, 0, 4));
        Bench.Eventually(() => manager.Stored.SequenceEqual(Enumerable.Range(0, after).Select(DescriptorStore.NameOf)), "as many are stored");
    }

    public static TheoryData<string, Func<List<PassedDescriptor>, List<PassedDescriptor>>> Wrong => new()
    {
        { "none at all", static passed => [.. passed.Where(static one => Close(one))] },
        { "another file", static passed => [.. passed.Select(static one => Close(one) ? one : one with { Handle = File.OpenHandle("/dev/null") })] },
        { "closed ones", static passed => [.. passed.Select(static one => Close(one) ? one : one)] },
        { "without names", static passed => [.. passed.Select(static one => one with { Name = string.Empty })] },
        { "of other names", static passed => [.. passed.Select(static one => one with { Name = "events-00" })] },
        { "of names that are none", static passed => [.. passed.Select(static one => one with { Name = "x\nFDSTORE=1" })] },
        { "two of a name", static passed => [.. passed, new("events-0", File.OpenHandle("/dev/null"))] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_was_passed_and_cannot_be_used_is_closed_and_the_guest_is_bound_anew(
        string what, Func<List<PassedDescriptor>, List<PassedDescriptor>> passing)
    {
        MemoryServiceManager manager = new();
        using RestartBench bench = new(manager: manager);
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        bench.Kill();
        List<SafeFileHandle> handles = [];
        manager.Passing = passed =>
        {
            List<PassedDescriptor> wrong = passing(passed);
            handles.AddRange(wrong.Select(static one => one.Handle));
            return wrong;
        };
        if (what == "none at all")
        {
            // The manager has none either: it was stopped in between.
            manager.Forget();
        }

        bench.StartNext();
        bench.AwaitServed(Domain);

        Assert.True(frontend.Read(0, 0, 4) == Identity, what);
        Assert.Equal(1, bench.Process.Binds);
        Assert.All(handles, static handle => Assert.True(handle.IsClosed));
        Assert.InRange(bench.Lines.Warnings.Count(), 0, 1);

        // And from now on they are kept again.
        manager.Passing = static passed => passed;
        bench.KillAndStartNext();
        bench.AwaitServed(Domain);
        Assert.Equal(0, bench.Process.Binds);
    }

    [Fact]
    public void A_daemon_that_ends_in_order_leaves_nothing_in_the_store()
    {
        MemoryServiceManager manager = new();
        using RestartBench bench = new(manager: manager);
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        Assert.Equal(["events-0"], manager.Stored);
        bench.Backend.Dispose();
        Assert.Empty(manager.Stored);

        bench.StartNext();
        bench.AwaitServed(Domain);
        Assert.Equal(Identity, frontend.Read(0, 0, 4));
        Assert.Equal(["events-0"], manager.Stored);
    }

    [Fact]
    public void A_daemon_that_takes_them_over_is_killed_at_every_effect_and_the_third_serves()
    {
        bool wasKilled = true;
        int moment = 0;
        while (wasKilled)
        {
            using RestartBench bench = new(manager: new());
            using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
            bench.Kill();
            frontend.Post(new() { Command = PciOpCode.ConfigRead, Offset = 0, Size = 4 });
            bench.StartNext(++moment);
            Bench.Eventually(() => bench.Process.IsDead || bench.Snapshot(Domain)?.Shard is not null, "served or dead");
            wasKilled = bench.Process.IsDead;
            if (wasKilled)
            {
                bench.StartAfterDeath();
                bench.AwaitServed(Domain);
            }

            PciOpRequest answer = frontend.AwaitAnswer();
            Assert.True(Identity == (answer.Error, answer.Value), $"killed at {moment}");
            Assert.True(frontend.Read(0, 0, 4) == Identity, $"killed at {moment}");
        }

        Assert.True(moment > 4, $"only {moment} moments");
    }

    private static bool Close(PassedDescriptor one)
    {
        one.Handle.Dispose();
        return false;
    }

    private static int LowestFreePort(RestartBench bench)
    {
        using IEventChannels channels = bench.Host.BackendView.OpenEventChannels();
        return channels.AllocateUnbound(Domain);
    }

    // As a process does that reads the event and is killed then.
    private static void Deliver(RestartBench bench)
    {
        MemoryServiceManager manager = bench.Manager!;
        SafeFileHandle descriptor = manager.Copy("events-0");
        using IEventChannels dead = bench.Host.BackendView.OpenEventChannels(descriptor);
        int[] ports = new int[4];
        _ = dead.Read(ports, 0);
    }

    private static void Rewrite(RestartBench bench, int domain, int? shard, int? port)
    {
        string file = Path.Combine(bench.Left, $"guest-{domain}-0.json");
        JsonObject left = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        Assert.NotNull(left["port"]);
        left["shard"] = shard;
        left["port"] = port;
        File.WriteAllText(file, left.ToJsonString());
    }
}
