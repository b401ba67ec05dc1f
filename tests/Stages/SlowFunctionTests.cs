using PciBackFlow.Filter.Run;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests;

/// <summary>
/// A function whose register accesses take too long for a shard, and one that is fast again. Sleeps end late, never early: slow is slow for sure.
/// </summary>
public sealed class SlowFunctionTests
{
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(25);

    [Fact]
    public void Its_accesses_leave_the_shard_and_come_back_when_they_are_fast()
    {
        using var guest = new TestGuest();
        guest.Hardware.OnAccess = static () => Thread.Sleep(s_slow);
        guest.Serve(TestGuest.Read(0x80, 4));
        Assert.Equal((1, 0), (guest.Counters.SlowAccesses, guest.Counters.Offloaded));
        Assert.True(guest.Function.IsSlow);

        guest.Serve(TestGuest.Read(0x80, 4));
        guest.Serve(TestGuest.Write(0x40, 4, 1));
        Assert.Equal((3, 2), (guest.Counters.SlowAccesses, guest.Counters.Offloaded));

        guest.Hardware.OnAccess = null;
        Assert.True(Serve(guest, 100 * AccessPace.ShortestRun, () => !guest.Function.IsSlow) >= AccessPace.ShortestRun);
        long offloaded = guest.Counters.Offloaded;
        guest.Serve(TestGuest.Read(0x80, 4));
        Assert.Equal(offloaded, guest.Counters.Offloaded);
    }

    [Fact]
    public void What_the_shadow_answers_stays_on_the_shard()
    {
        using var guest = new TestGuest();
        guest.Function.MarkStuck();

        guest.Serve(TestGuest.Read(0, 4));
        guest.Serve(TestGuest.Write(0x10, 4, 1));

        Assert.Equal(0, guest.Counters.Offloaded);
        Assert.Equal(PciOpStatus.Success, guest.Serve(TestGuest.Read(0x80, 4)).Error);
        Assert.Equal(1, guest.Counters.Offloaded);
    }

    [Fact]
    public void What_may_block_on_any_function_does_not_make_it_slow()
    {
        using var guest = new TestGuest();
        guest.Hardware.OnAccess = static () => Thread.Sleep(s_slow);
        guest.Page.Frontend.Post(TestGuest.Read(0x80, 4));

        guest.Run(stage => guest.Operation.Plan.MayBlock |= stage == 3);

        Assert.Equal(1, guest.Hardware.Accesses);
        Assert.False(guest.Function.IsSlow);
        Assert.Equal(0, guest.Counters.SlowAccesses);
    }

    [Fact]
    public void It_is_told_once_until_it_was_fast_again()
    {
        using var guest = new TestGuest();
        int slow = 0;
        int stuck = 0;
        guest.Function.FoundSlow = () => slow++;
        guest.Function.FoundStuck = () => stuck++;
        guest.Hardware.OnAccess = static () => Thread.Sleep(s_slow);
        for (int i = 0; i < 5; i++)
        {
            guest.Serve(TestGuest.Read(0x80, 4));
        }

        Assert.Equal((1, 0), (slow, stuck));
        guest.Hardware.OnAccess = null;
        Serve(guest, 100 * AccessPace.ShortestRun, () => !guest.Function.IsSlow);
        guest.Hardware.OnAccess = static () => Thread.Sleep(s_slow);
        guest.Serve(TestGuest.Read(0x80, 4));
        Assert.Equal((2, 0), (slow, stuck));
    }

    [Fact]
    public void One_that_is_stuck_is_told_once_and_comes_back_when_it_has_been_fast_for_long()
    {
        using var guest = new TestGuest();
        int slow = 0;
        int stuck = 0;
        guest.Function.FoundSlow = () => slow++;
        guest.Function.FoundStuck = () => stuck++;
        guest.Hardware.OnAccess = () =>
        {
            guest.Function.MarkStuck();
            guest.Function.MarkStuck();
        };
        guest.Serve(TestGuest.Read(0x80, 4));
        Assert.Equal((0, 1), (slow, stuck));
        Assert.True(guest.Function.IsSlow);

        guest.Hardware.OnAccess = null;
        int run = AccessPace.ShortestRun << (AccessPace.StuckTimes - 1);
        Assert.True(Serve(guest, 100 * run, () => !guest.Function.IsSlow) >= run);
    }

    private static int Serve(TestGuest guest, int most, Func<bool> until)
    {
        int served = 0;
        while (!until())
        {
            Assert.InRange(++served, 1, most);
            guest.Serve(TestGuest.Read(0x80, 4));
        }

        return served;
    }
}
