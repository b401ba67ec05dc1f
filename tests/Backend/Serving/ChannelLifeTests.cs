namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>A guest's page and channel, taken and let go again and again while the guest does its worst.</summary>
[Collection(nameof(Alone))]
public sealed class ChannelLifeTests
{
    private const int Reconnections = 100;
    private const int HalfAttachments = 200;
    private const int LeastEvents = 100_000;
    private const int NoSuchPort = 60_000;

    /// <summary>XSA-331: events that arrive while the channel is unbound and the page unmapped.</summary>
    [Fact]
    public void A_guest_that_signals_without_end_while_it_is_let_go_and_taken_again_meets_nothing_that_is_gone()
    {
        using Bench bench = new();
        using SmallFrontend other = bench.Connect(8, Bench.HostB);
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        long events = 0;
        bool stop = false;
        Thread storm = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                frontend.Notify();
                Interlocked.Increment(ref events);
            }
        });
        storm.Start();
        try
        {
            for (int i = 0; i < Reconnections || Interlocked.Read(ref events) < LeastEvents; i++)
            {
                Reconnect(bench, frontend);
                Assert.Equal(Bench.IdOf(Bench.HostA), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
                Assert.Equal(Bench.IdOf(Bench.HostB), other.Read(devfn: 0, offset: 0, size: 4).Value);
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            storm.Join();
        }

        Assert.Equal(2, bench.Platform.Count);
        Assert.Equal(0, bench.Backend.Engine.ReadCounters().Takeovers);
        Assert.Equal(0, bench.Backend.Engine.ReadCounters().LateResults);
    }

    /// <summary>XSA-365: what was done before an attachment failed half-way is undone, however often.</summary>
    [Fact]
    public void An_attachment_that_fails_after_the_page_was_mapped_leaves_neither_page_nor_port()
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        int port = PortOf(bench);

        for (int i = 0; i < HalfAttachments; i++)
        {
            Close(bench, frontend);
            frontend.Publish(state: null);
            frontend.Write("event-channel", $"{NoSuchPort}");
            frontend.Write("state", "3");
            bench.AwaitState(7, 5);
            Assert.Contains("event-channel", bench.Error(7), StringComparison.Ordinal);
            Assert.Equal(0, bench.Platform.Count);
        }

        Reconnect(bench, frontend);

        // The lowest free number is given out, as Xen does: one that was left bound would have raised it.
        Assert.Equal(port, PortOf(bench));
        Assert.Equal(1, bench.Platform.Count);
        Assert.Equal(Bench.IdOf(Bench.HostA), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
    }

    private static int PortOf(Bench bench)
    {
        Bench.Eventually(() => bench.Snapshot(7)?.Port is not null, "the pass that attached it has ended");
        return bench.Snapshot(7)!.Port!.Value;
    }

    private static void Close(Bench bench, SmallFrontend frontend)
    {
        frontend.Write("state", "6");
        bench.AwaitState(7, 6);
        frontend.Write("state", "1");
        bench.AwaitState(7, 3);
    }

    private static void Reconnect(Bench bench, SmallFrontend frontend)
    {
        Close(bench, frontend);
        frontend.Publish();
        bench.AwaitState(7, 4);
    }
}
