using PciBackFlow.Backend.Tests.Xenstore;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>The handshake of one guest, from its first key to its last: toolstack, frontend and backend in one process.</summary>
public sealed class HandshakeTests
{
    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    [InlineData(PipelineTopology.Dataflow)]
    public void A_guest_connects_reads_and_closes(PipelineTopology topology)
    {
        using Bench bench = new(topology: topology);
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Assert.Equal("0000:00:00.00", bench.Read(7, "vdev-0"));
        Assert.Equal("3", bench.Read(7, "state-0"));
        Assert.Equal(("1", "0000:00"), (bench.Read(7, "root_num"), bench.Read(7, "root-0")));

        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        frontend.Write("state", "4");
        Assert.Equal((PciOpStatus.Success, Bench.IdOf(Bench.HostA)), frontend.Read(devfn: 0, offset: 0, size: 4));
        Assert.Equal(PciOpStatus.DeviceNotFound, frontend.Read(devfn: 8, offset: 0, size: 4).Status);
        Assert.Equal(PciOpStatus.InvalidOffset, frontend.Read(devfn: 0, offset: -4, size: 4).Status);
        Assert.Equal(1, bench.Platform.Count);
        Bench.Eventually(() => bench.Snapshot(7) is { IsAttached: true, Functions.Count: 1 }, "snapshot");
        Assert.Equal(3, bench.Snapshot(7)!.ReadCounters().Answered);
        Assert.Equal(3, bench.Backend.Engine.ReadCounters().Served);

        frontend.Write("state", "5");
        bench.AwaitState(7, 5);
        frontend.Write("state", "6");
        bench.AwaitState(7, 6);
        Assert.Equal(0, bench.Platform.Count);
    }

    [Fact]
    public void A_function_is_given_with_its_wake_up_event_switched_off()
    {
        using Bench bench = new();
        Assert.True(bench.Waking.TryRead(0x44, 2, out uint before));
        Assert.Equal(0x0108u, before);
        bench.Create(7, Bench.HostWaking);
        bench.AwaitState(7, 3);
        Assert.True(bench.Waking.TryRead(0x44, 2, out uint given));
        Assert.Equal(0x0008u, given);
    }

    /// <summary>X15: mini-os' shutdown and re-initialisation.</summary>
    [Fact]
    public void A_frontend_that_closed_connects_again_and_leaves_nothing_mapped()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA, Bench.HostB);
        using SmallFrontend frontend = new(bench, 7);
        for (int round = 0; round < 5; round++)
        {
            bench.AwaitState(7, 3);
            Assert.Equal(0, bench.Platform.Count);
            Assert.Equal("0000:00:01.00", bench.Read(7, "vdev-1"));
            frontend.Publish();
            bench.AwaitState(7, 4);
            frontend.Write("state", "4");
            Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 8, offset: 0, size: 4).Value);
            Assert.Equal(1, bench.Platform.Count);
            frontend.Write("state", "5");
            bench.AwaitState(7, 5);
            frontend.Write("state", "6");
            bench.AwaitState(7, 6);
            frontend.Write("state", "1");
        }

        bench.AwaitState(7, 3);
    }

    [Fact]
    public void A_new_page_without_a_close_replaces_the_old_one()
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        Assert.Equal(Bench.IdOf(Bench.HostA), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        frontend.Publish();
        Assert.Equal(Bench.IdOf(Bench.HostA), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        Assert.Equal(1, bench.Platform.Count);
    }

    /// <summary>X12.</summary>
    [Fact]
    public void Conflicting_transactions_are_done_again_until_they_hold()
    {
        ConflictingStore? store = null;
        using Bench bench = new(around: hypervisor => store = new(hypervisor, conflicts: 200));
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Assert.True(store!.Left < 0);
        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
    }
}
