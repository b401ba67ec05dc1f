using System.Diagnostics;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;
using PciBackFlow.Pipeline.Tests.Topologies;

namespace PciBackFlow.Pipeline.Tests.Running;

/// <summary>
/// How often a shard calls its source, each of which is a system call where the source is a descriptor: one to be woken and one to unmask for a request
/// that wakes it, none for one that it finds by looking. The notification is a stage's, and one for each answer.
/// </summary>
public sealed class SourceCallTests
{
    private const int Requests = 20;

    // Who was served once stays hot, unless the machine stands still for that long.
    private const int LongestSpin = 1_000_000;
    private const int Attempts = 20;

    public static MatrixTheoryData<PipelineTopology, int> ShortSpins => new(Enum.GetValues<PipelineTopology>(), [0, 20, 200]);

    [Theory]
    [MemberData(nameof(ShortSpins))]
    public void A_request_that_wakes_the_shard_takes_one_wait_and_one_unmasking(PipelineTopology topology, int spin)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology) with { SpinMicroseconds = spin });
        ToyEngine.Until(() => toy.Source.IsAwaited);
        (int waits, int unmaskings, long wakeups) = (toy.Source.Takes, toy.Source.UnmaskCalls, toy.Counters.Wakeups);
        for (int r = 1; r <= Requests; r++)
        {
            toy.Post(0, r);
            Assert.Equal(r * 2, toy.SpinAwait(0));
            AwaitSleep(toy);
        }

        // Without spinning, an item that is on another thread is one more sleep.
        Assert.Equal(toy.Counters.Wakeups - wakeups, toy.Source.Takes - waits);
        Assert.Equal(Requests, toy.Source.UnmaskCalls - unmaskings);
        Assert.Equal(topology == PipelineTopology.Fused ? Requests : toy.Source.Takes - waits, toy.Source.Takes - waits);
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void A_request_that_is_found_by_looking_takes_no_call(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology) with { SpinMicroseconds = LongestSpin }, 3);
        for (int attempt = 1; attempt <= Attempts; attempt++)
        {
            AskAll(toy, 1);
            (int waits, int unmaskings, long wakeups) = (toy.Source.Takes, toy.Source.UnmaskCalls, toy.Counters.Wakeups);
            for (int r = 2; r <= Requests; r++)
            {
                AskAll(toy, r);
            }

            (int laterWaits, int laterUnmaskings) = (toy.Source.Takes, toy.Source.UnmaskCalls);
            AskAll(toy, Requests + 1);
            if (toy.Counters.Wakeups == wakeups)
            {
                Assert.Equal((waits, unmaskings), (laterWaits, laterUnmaskings));
                return;
            }
        }

        Assert.Fail("the shard slept in between each time");
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Beside_hot_lanes_the_source_is_asked_for_cold_ones_and_no_oftener_than_it_says(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology) with { SpinMicroseconds = LongestSpin }, 2);
        toy.Post(0, 1);
        Assert.Equal(2, toy.SpinAwait(0));
        long began = Stopwatch.GetTimestamp();
        int waits = toy.Source.Takes;
        for (int r = 2; r <= Requests; r++)
        {
            toy.Post(0, r);
            Assert.Equal(r * 2, toy.SpinAwait(0));
        }

        int asked = toy.Source.Takes - waits;
        double most = 1 + (Stopwatch.GetElapsedTime(began).TotalMicroseconds / PipelineTimes.SourcePauseMicroseconds);
        Assert.True(asked <= most, $"asked {asked} times, {most:0} at most");

        toy.Post(1, 7);
        Assert.Equal(14, toy.SpinAwait(1));
    }

    [Theory]
    [ClassData<EveryTopology>]
    public void Who_asks_whether_a_shard_sleeps_does_not_wake_it(PipelineTopology topology)
    {
        using var toy = new ToyEngine(EveryTopology.Options(topology));
        ToyEngine.Until(() => toy.Source.IsAwaited);
        long wakeups = toy.Counters.Wakeups;

        Assert.True(toy.Engine.IsAsleep(0));
        ToyEngine.Until(() => toy.Engine.IsQuiet);
        Assert.Equal(wakeups, toy.Counters.Wakeups);

        toy.Engine.Invoke(0, () => Assert.False(toy.Engine.IsAsleep(0)));
    }

    private static void AskAll(ToyEngine toy, int request)
    {
        for (int lane = 0; lane < toy.Pages.Length; lane++)
        {
            toy.Post(lane, request);
            Assert.Equal(request * 2, toy.SpinAwait(lane));
        }
    }

    // Between the last word of one request and the next one: the lane is cold again.
    private static void AwaitSleep(ToyEngine toy)
    {
        long giveUp = Stopwatch.GetTimestamp() + (5 * Stopwatch.Frequency);
        while (!toy.Source.IsAwaited || toy.Source.IsMasked(0))
        {
            Thread.Yield();
            Assert.True(Stopwatch.GetTimestamp() < giveUp, "the shard did not sleep within 5 s");
        }
    }
}
