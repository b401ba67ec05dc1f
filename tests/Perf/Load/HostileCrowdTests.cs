using System.Diagnostics;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Emulated;
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
        bool stop = false;
        var crowd = new Thread(() => Storm(guests.AsSpan(Readers), ref stop)) { IsBackground = true, Name = "hostile guests" };
        crowd.Start();
        try
        {
            Read(guests, TimeSpan.FromSeconds(0.5));
            long before = GC.GetTotalMemory(forceFullCollection: true);
            int reads = Read(guests, TimeSpan.FromSeconds(2));
            long after = GC.GetTotalMemory(forceFullCollection: true);

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
    private static void Storm(ReadOnlySpan<SimulatedGuest> guests, ref bool stop)
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
        foreach (SimulatedGuest guest in guests)
        {
            guest.Frontend!.Post(in requests[next++ % requests.Length], Stopwatch.GetTimestamp());
        }

        while (!Volatile.Read(ref stop))
        {
            foreach (SimulatedGuest guest in guests)
            {
                if (guest.Frontend!.Look(Stopwatch.GetTimestamp(), signalled: true) == FrontendOutcome.Answered)
                {
                    guest.Frontend.Post(in requests[next++ % requests.Length], Stopwatch.GetTimestamp());
                }
            }

            Thread.Yield();
        }
    }

    /// <returns>Reads that were answered, each with what the function has.</returns>
    private static int Read(SimulatedGuest[] guests, TimeSpan time)
    {
        for (int i = 0; i < Readers; i++)
        {
            guests[i].Frontend!.Post(FrontendRequest.Read(0, 0, 4), Stopwatch.GetTimestamp());
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

                Assert.Equal((0, TestFunctions.Ids), (frontend.Answer.Status, frontend.Answer.Value));
                reads++;
                if (Stopwatch.GetElapsedTime(start) < time)
                {
                    frontend.Post(FrontendRequest.Read(0, 0, 4), Stopwatch.GetTimestamp());
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
