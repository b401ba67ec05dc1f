using System.Diagnostics;
using HdrHistogram;
using PciBackFlow.Perf.Hiccups;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Perf.Tests.Load;

public sealed class SampleRecorderTests
{
    private static readonly long s_millisecond = Stopwatch.Frequency / 1000;

    [Fact]
    public void What_touched_a_stall_is_set_aside_whether_it_was_slow_or_fast()
    {
        StallLog stalls = new();
        SampleRecorder samples = new(stalls, keep: 0);
        samples.Begin();
        Record(samples, 0, 1);
        Record(samples, 10, 30);
        Record(samples, 25, 26);
        Record(samples, 40, 41);

        // The meter wakes later than those it held up.
        stalls.Add(20 * s_millisecond, 29 * s_millisecond);
        stalls.NoteLook(50 * s_millisecond);
        Record(samples, 51, 52);
        samples.Settle();

        Assert.Equal(5, samples.Latency.TotalCount);
        Assert.Equal(2, samples.Aside.TotalCount);
        Assert.InRange(samples.Aside.GetMaxValue(), 19_900_000, 20_100_000);
    }

    [Fact]
    public void Neighbours_are_recorded_apart_and_set_aside_alike()
    {
        StallLog stalls = new();
        SampleRecorder samples = new(stalls, keep: 0);
        samples.Begin();
        stalls.Add(0, 5 * s_millisecond);
        samples.Record(s_millisecond, 2 * s_millisecond, isNeighbour: true);
        samples.Record(s_millisecond, 2 * s_millisecond, isNeighbour: false);
        samples.Settle();

        Assert.Equal((1L, 1L, 2L), (samples.Latency.TotalCount, samples.NeighbourLatency.TotalCount, samples.Aside.TotalCount));
    }

    [Fact]
    public void More_operations_than_can_wait_are_judged_by_what_is_known()
    {
        StallLog stalls = new();
        SampleRecorder samples = new(stalls, keep: 0);
        samples.Begin();
        const int Many = 300_000;
        for (int i = 0; i < Many; i++)
        {
            samples.Record(i, i + 1, isNeighbour: false);
        }

        stalls.Add(0, Many);
        samples.Settle();

        // The last 131,072 waited for the meter; the others had to be judged before it came.
        Assert.Equal(1 << 17, samples.Aside.TotalCount);
        Assert.Equal(Many, samples.Latency.TotalCount);
    }

    [Fact]
    public void The_first_latencies_are_kept_as_they_are()
    {
        SampleRecorder samples = new(new StallLog(), keep: 2);
        samples.Begin();
        Record(samples, 0, 7);
        Record(samples, 0, 5);
        Record(samples, 0, 3);

        Assert.Equal(2, samples.Kept.Length);
        Assert.InRange(samples.Kept[0], 6_999_000, 7_001_000);
        Assert.InRange(samples.Kept[1], 4_999_000, 5_001_000);
    }

    [Fact]
    public void Recording_allocates_nothing()
    {
        StallLog stalls = new();
        SampleRecorder samples = new(stalls, keep: 100);
        samples.Begin();
        Record(samples, 0, 1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200_000; i++)
        {
            samples.Record(i, i + 10, isNeighbour: (i & 1) == 0);
            if (i % 1000 == 0)
            {
                stalls.Add(i, i + 1);
                stalls.NoteLook(i);
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Record(SampleRecorder samples, int from, int to) =>
        samples.Record(from * s_millisecond, to * s_millisecond, isNeighbour: false);
}
