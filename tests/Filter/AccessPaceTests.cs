using System.Diagnostics;
using PciBackFlow.Filter.Run;

namespace PciBackFlow.Filter.Tests;

public sealed class AccessPaceTests
{
    private AccessPace _pace;
    private long _now = Stopwatch.Frequency;

    [Theory]
    [InlineData(21_000, 1)]
    [InlineData(199_000, 1)]
    [InlineData(12_000, 2)]
    [InlineData(6_000, 5)]
    [InlineData(2_000, 23)]
    public void What_accesses_take_beyond_a_millisecond_adds_up_until_the_function_is_slow(int microseconds, int accesses)
    {
        for (int i = 1; i < accesses; i++)
        {
            Assert.False(Note(microseconds));
            Assert.False(_pace.IsSlow);
        }

        Assert.True(Note(microseconds));
        Assert.True(_pace.IsSlow);
    }

    [Fact]
    public void Accesses_within_a_millisecond_never_make_it_slow()
    {
        for (int i = 0; i < 10_000; i++)
        {
            Assert.False(Note(1_000));
        }

        Assert.False(_pace.IsSlow);
    }

    [Fact]
    public void A_thread_that_loses_its_processor_now_and_then_makes_no_function_slow()
    {
        for (int i = 0; i < 1_000; i++)
        {
            // Ten times a second, for twice as long as a scheduler lets another run.
            Note(6_000);
            Pass(100_000);
        }

        Assert.False(_pace.IsSlow);
    }

    [Fact]
    public void Fast_accesses_in_between_hide_nothing()
    {
        for (int i = 0; i < 100; i++)
        {
            Note(20);
        }

        Note(15_000);
        for (int i = 0; i < 100; i++)
        {
            Note(20);
        }

        Note(15_000);
        Assert.True(_pace.IsSlow);
    }

    [Fact]
    public void It_is_fast_again_after_a_run_of_fast_accesses_which_a_slow_one_begins_anew()
    {
        Note(50_000);
        MakeFast(AccessPace.ShortestRun - 1);
        Note(2_000);
        MakeFast(AccessPace.ShortestRun - 1);
        Assert.True(_pace.IsSlow);
        Note(5);
        Assert.False(_pace.IsSlow);
    }

    [Fact]
    public void Each_time_it_takes_twice_as_many_up_to_a_million()
    {
        for (int time = 0; time < AccessPace.MostDoublings + 3; time++)
        {
            Assert.True(Note(50_000));
            int run = AccessPace.ShortestRun << Math.Min(time, AccessPace.MostDoublings);
            Assert.Equal(run, _pace.Run);
            MakeFast(run - 1);
            Assert.True(_pace.IsSlow);
            Note(5);
            Assert.False(_pace.IsSlow);
        }

        Assert.Equal(1 << 20, _pace.Run);
    }

    [Fact]
    public void One_that_was_stuck_is_slow_at_once_and_takes_longer_to_come_back()
    {
        Assert.True(_pace.Note(0, 0, wasStuck: true));
        Assert.True(_pace.IsSlow);
        Assert.Equal(AccessPace.ShortestRun << (AccessPace.StuckTimes - 1), _pace.Run);
        Assert.False(_pace.Note(0, 0, wasStuck: true));
        MakeFast(_pace.Run);
        Assert.False(_pace.IsSlow);
    }

    [Fact]
    public void Once_it_is_back_what_it_took_before_is_forgotten()
    {
        Note(50_000);
        MakeFast(_pace.Run);
        Assert.False(_pace.IsSlow);

        Assert.False(Note(15_000));
        Assert.False(_pace.IsSlow);
    }

    [Fact]
    public void Getting_stuck_begins_the_run_anew()
    {
        Note(50_000);
        MakeFast(_pace.Run - 1);
        _pace.Note(_now, 0, wasStuck: true);

        MakeFast(_pace.Run - 1);
        Assert.True(_pace.IsSlow);
        Note(5);
        Assert.False(_pace.IsSlow);
    }

    private void MakeFast(int accesses)
    {
        for (int i = 0; i < accesses; i++)
        {
            Assert.False(Note(5));
        }
    }

    private bool Note(int microseconds)
    {
        Pass(microseconds);
        return _pace.Note(_now, Ticks(microseconds), wasStuck: false);
    }

    private void Pass(int microseconds) => _now += Ticks(microseconds);

    private static long Ticks(int microseconds) => Stopwatch.Frequency * microseconds / 1_000_000;
}
