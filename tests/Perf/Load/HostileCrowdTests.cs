using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Tests.Frontends;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Tests.Load;

/// <summary>A thousand guests that only ask for what leaves the shard, as fast as they are answered, beside a few that read.</summary>
[Collection("one load at a time")]
public sealed class HostileCrowdTests
{
    private const int Readers = 8;
    private const int Hostile = 1000;
    private const uint EnableMultiMsi = 10;

    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public void Reads_of_others_go_on_and_memory_stays_flat(PipelineTopology topology)
    {
        using var backend = new BackendFixture(topology, [.. Enumerable.Range(0, Readers + Hostile).Select(Function)]);
        SimulatedGuest[] guests = [.. Enumerable.Range(0, Readers + Hostile).Select(i => Connect(backend, i))];
        bool isHostile = false;
        bool stop = false;
        LongHistogram alone = new(TimeStamp.Seconds(60), 3);
        LongHistogram beside = new(TimeStamp.Seconds(60), 3);

        // It looks at its pages from the start: what a thread of the test takes from this machine's few processors is no matter of the backend's.
        var crowd = new Thread(() => Storm(guests.AsSpan(Readers), ref isHostile, ref stop)) { IsBackground = true, Name = "hostile guests" };
        crowd.Start();
        try
        {
            Read(guests, TimeSpan.FromSeconds(2), alone);
            Volatile.Write(ref isHostile, true);
            Read(guests, TimeSpan.FromSeconds(0.5));
            long before = GC.GetTotalMemory(forceFullCollection: true);
            int reads = Read(guests, TimeSpan.FromSeconds(2), beside);
            long after = GC.GetTotalMemory(forceFullCollection: true);

            // Times fail nothing: they are for the reader of --show-live-output.
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{topology}: reads of {Readers} guests, p50 and p99 in µs, alone {Microseconds(alone, 50)} and {Microseconds(alone, 99)}, "
                + $"beside {Hostile} hostile ones {Microseconds(beside, 50)} and {Microseconds(beside, 99)}");
            Assert.True(reads >= 100, $"{reads} reads");
            Assert.True(after - before < 1 << 20, $"{after - before} bytes more in use");
        }
        finally
        {
            Volatile.Write(ref stop, true);
            crowd.Join();
        }

        Assert.Equal(0, backend.Host.Engine.ReadCounters().NoPlace);
        Assert.True(backend.Host.Engine.ReadCounters().Offloaded + backend.Host.Guests.Sum(guest => guest.ReadCounters().Offloaded) > Hostile);
        Assert.All(backend.Host.Guests.Where(guest => guest.DomainId <= Readers), guest =>
        {
            Assert.Equal(guest.ReadCounters().Answered, guest.ReadCounters().Success);
            Assert.Equal(0, guest.ReadCounters().LateReplies);
        });
    }

    private static string Microseconds(LongHistogram ticks, double percentile) =>
        (ticks.GetValueAtPercentile(percentile) * 1e6 / Stopwatch.Frequency).ToString("F0", CultureInfo.InvariantCulture);

    private static EmulatedFunction Function(int index) =>
        new(new PciAddress((uint)index + 1, 3, 0, 0), "test function", TestFunctions.Bytes(), TestFunctions.Lengths);

    private static SimulatedGuest Connect(BackendFixture backend, int index)
    {
        var function = new PciAddress((uint)index + 1, 3, 0, 0);
        (SimulatedGuest guest, IEventChannels _) = backend.CreateGuest(index + 1, FrontendKind.Linux, FrontendTiming.FromSeconds(60, 60), function);
        guest.Publish();
        Assert.True(guest.TryConnect(BackendFixture.Patience), guest.BackendError());
        return guest;
    }

    // Nobody waits for an event here: hostile guests look at their pages all the time.
    private static void Storm(ReadOnlySpan<SimulatedGuest> guests, ref bool isHostile, ref bool stop)
    {
        FrontendRequest[] requests =
        [
            new() { Command = FrontendRequest.EnableMsi },
            new() { Command = FrontendRequest.EnableMsix, Value = 100_000 },
            new() { Command = FrontendRequest.DisableMsix },
            new() { Command = EnableMultiMsi, Info = 32 },
            new() { Command = FrontendRequest.DisableMsi },
            new() { Command = FrontendRequest.EnableMsix, Value = 8 },
        ];
        int next = 0;
        bool areAsking = false;
        while (!Volatile.Read(ref stop))
        {
            bool begin = !areAsking && Volatile.Read(ref isHostile);
            areAsking |= begin;
            foreach (SimulatedGuest guest in guests)
            {
                if (begin || guest.Frontend!.Look(Stopwatch.GetTimestamp(), signalled: true) == FrontendOutcome.Answered)
                {
                    guest.Frontend!.Post(in requests[next++ % requests.Length], Stopwatch.GetTimestamp());
                }
            }

            Thread.Yield();
        }
    }

    /// <returns>Reads that were answered, each with what the function has.</returns>
    private static int Read(SimulatedGuest[] guests, TimeSpan time, LongHistogram? latencies = null)
    {
        long[] posted = new long[Readers];
        for (int i = 0; i < Readers; i++)
        {
            posted[i] = Stopwatch.GetTimestamp();
            guests[i].Frontend!.Post(FrontendRequest.Read(0, 0, 4), posted[i]);
        }

        int reads = 0;
        long start = Stopwatch.GetTimestamp();
        for (int waiting = Readers; waiting > 0;)
        {
            for (int i = 0; i < Readers; i++)
            {
                SimulatedFrontend frontend = guests[i].Frontend!;
                if (frontend.Look(Stopwatch.GetTimestamp(), signalled: true) != FrontendOutcome.Answered)
                {
                    continue;
                }

                latencies?.RecordValue(Stopwatch.GetTimestamp() - posted[i]);
                Assert.Equal((0, TestFunctions.Ids), (frontend.Answer.Status, frontend.Answer.Value));
                reads++;
                if (Stopwatch.GetElapsedTime(start) < time)
                {
                    posted[i] = Stopwatch.GetTimestamp();
                    frontend.Post(FrontendRequest.Read(0, 0, 4), posted[i]);
                }
                else
                {
                    waiting--;
                }
            }

            Thread.Yield();
        }

        return reads;
    }
}
