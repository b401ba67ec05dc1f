using System.Diagnostics;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Profiling;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Tests.Load;

/// <summary>A profile of requests that guests make anyway.</summary>
[Collection(AloneCollection.Name)]
public sealed class LiveProfileTests
{
    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public async Task A_profile_of_one_guest_of_many_allocates_nothing_for_a_request(PipelineTopology topology)
    {
        LoadOptions options = new() { Guests = 3, Topology = topology, Shards = 1, ClientThreads = 1 };
        using var load = new EmbeddedLoad(options, TestFunctions.Source(), progress: null, CancellationToken.None);
        load.Probe();
        long warm = Stopwatch.GetTimestamp();
        load.Run(LoadPhase.WarmUp, () => Stopwatch.GetElapsedTime(warm).TotalSeconds >= 0.5);
        int domain = load.Backend.Guests[0].DomainId;
        long served = load.Backend.Engine.ReadCounters().Served;

        Task<RequestProfile> taken = load.Backend.Profiler.TakeAsync("one", domain, TimeSpan.FromSeconds(0.5), 4, CancellationToken.None);
        load.Run(LoadPhase.Measure, () => taken.IsCompleted);
        load.Drain();
        RequestProfile profile = await taken;
        ProfileReport report = LiveProfile.ReportOf(profile, "one");

        served = load.Backend.Engine.ReadCounters().Served - served;
        Assert.Equal(0, report.BytesAllocatedPerOperation);
        Assert.InRange(report.Operations, 100, served / 2);
        Assert.InRange(report.Sampled, report.Operations / 5, (report.Operations / 4) + 1);
        Assert.Equal(LatencySummary.From(LiveProfile.TotalsOf(profile)).P50, report.Total.P50);
        Assert.Equal(report.Sampled, LiveProfile.TotalsOf(profile).TotalCount);
        Assert.Equal(7, report.Stages.Count);

        // A scan reaches the function with some of its reads, and each of these takes a part of its request's time.
        Assert.InRange(report.ConfigAccessNanoseconds!.Value, 0.1, profile.AccessNanoseconds);
        Assert.InRange(profile.AccessNanoseconds, 1, profile.Stages.Single(static stage => stage.Name == "execute").TotalNanoseconds);
    }
}
