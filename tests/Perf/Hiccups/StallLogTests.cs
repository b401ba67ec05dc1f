using PciBackFlow.Perf.Hiccups;

namespace PciBackFlow.Perf.Tests.Hiccups;

public sealed class StallLogTests
{
    [Theory]
    [InlineData(0, 100, false)]
    [InlineData(0, 101, true)]
    [InlineData(150, 160, true)]
    [InlineData(50, 5_000, true)]
    [InlineData(199, 250, true)]
    [InlineData(200, 250, false)]
    [InlineData(390, 400, false)]
    [InlineData(399, 401, true)]
    [InlineData(500, 600, false)]
    public void An_interval_touches_a_stall_when_they_have_a_moment_in_common(long from, long to, bool touches)
    {
        StallLog log = new();
        log.Add(100, 200);
        log.Add(400, 500);

        Assert.Equal(touches, log.Touches(from, to));
    }

    [Fact]
    public void Without_stalls_nothing_is_touched() => Assert.False(new StallLog().Touches(long.MinValue, long.MaxValue));

    [Fact]
    public void Of_very_many_stalls_the_latest_are_known()
    {
        StallLog log = new();
        for (long i = 0; i < 10_000; i++)
        {
            log.Add(i * 10, (i * 10) + 5);
        }

        Assert.Equal(10_000, log.Count);
        Assert.True(log.Touches(99_990, 99_991));
        Assert.False(log.Touches(99_986, 99_990));
        Assert.True(log.Touches(95_000, 95_001));
    }

    [Fact]
    public void Asking_and_adding_allocate_nothing()
    {
        StallLog log = new();
        log.Add(1, 2);
        _ = log.Touches(0, 1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 5_000; i++)
        {
            log.Add(10 * i, (10 * i) + 1);
            log.NoteLook(10 * i);
            _ = log.Touches(0, 10 * i);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
