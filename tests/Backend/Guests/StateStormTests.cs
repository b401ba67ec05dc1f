using System.Diagnostics;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Tests.Xenstore;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>X9, XSA-349, XSA-350: a guest that toggles its state as fast as it can, for ever.</summary>
[Collection(nameof(Alone))]
public sealed class StateStormTests
{
    private const int Toggles = 1_000_000;
    private const int Settled = 100_000;
    private const long MostGrowth = 4 << 20;
    private const long MostOfAPass = 200;

    private static readonly string[] States = ["3", "5", "6", "1", "9", "garbage"];

    [Fact]
    public void A_million_toggles_cost_no_memory_and_few_requests_and_the_guest_can_still_connect()
    {
        long requests = 0;
        using Bench bench = new(around: inner => new TroubledStore(inner) { Before = (_, _) => Interlocked.Increment(ref requests) });
        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        bench.AwaitState(7, 3);
        frontend.Publish();
        long start = Stopwatch.GetTimestamp();
        Toggle(0, Settled);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Toggle(Settled, Toggles);
        long after = GC.GetTotalMemory(forceFullCollection: true);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        // Something kept for each toggle, were it one reference, would be 7 MiB.
        Assert.InRange(after - before, long.MinValue, MostGrowth);

        // Its reserve, what it may spend in every second that began, and the pass with which it overdrew that.
        Assert.InRange(
            Interlocked.Read(ref requests), 1, GuestEntry.RequestReserve + (GuestEntry.RequestsPerSecond * ((long)seconds + 2)) + MostOfAPass);
        Assert.True(bench.Lines.Warnings.Count() < 50);

        frontend.Write("state", "6");
        bench.AwaitState(7, 6);
        frontend.Write("state", "1");
        bench.AwaitState(7, 3);
        frontend.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostA), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        Assert.Equal(1, bench.Platform.Count);

        void Toggle(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                frontend.Write("state", States[i % States.Length]);
            }
        }
    }
}
