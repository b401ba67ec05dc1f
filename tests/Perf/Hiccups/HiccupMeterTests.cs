using HdrHistogram;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Hiccups;

namespace PciBackFlow.Perf.Tests.Hiccups;

/// <summary>How long hiccups are depends on the machine, so nothing here judges that.</summary>
public sealed class HiccupMeterTests
{
    [Fact]
    public void A_window_has_about_as_many_looks_as_milliseconds_and_forgets_what_was_before()
    {
        using HiccupMeter meter = new();
        Thread.Sleep(200);
        meter.BeginWindow();
        Thread.Sleep(300);
        meter.Stop();

        // Each look, and what a longer hiccup hides, is a value; a sleep is a millisecond and a little more.
        Assert.InRange(meter.Histogram.TotalCount, 20, 2_000);
        Assert.True(meter.Stalls.Count >= meter.WindowStalls);
        Assert.Equal(meter.WindowStalls == 0, meter.WindowStalledNanoseconds == 0);
        Assert.True(meter.WindowStalledNanoseconds >= meter.WindowStalls * HiccupMeter.LeastStallNanoseconds);
    }

    [Fact]
    public void All_stalls_before_the_last_look_are_known_and_the_looks_go_on()
    {
        using HiccupMeter meter = new();
        long first = meter.Stalls.KnownUntil;
        SpinWait.SpinUntil(() => meter.Stalls.KnownUntil > first, TimeSpan.FromSeconds(30));
        long then = meter.Stalls.KnownUntil;
        Assert.True(then > first);
        Assert.True(SpinWait.SpinUntil(() => meter.Stalls.KnownUntil > then, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Stopping_twice_is_no_mistake()
    {
        HiccupMeter meter = new();
        meter.Stop();
        meter.Stop();
        meter.Dispose();

        Assert.Equal(HiccupSummary.From(meter.Histogram).Max, meter.Histogram.TotalCount == 0 ? 0 : meter.Histogram.GetMaxValue());
    }

    [Fact]
    public void What_the_processors_did_is_a_difference_of_two_readings()
    {
        var use = MachineUse.Between(new(10, 4, 1, 2), new(12, 7, 1.5, 4.5));

        Assert.Equal(new MachineUse(1.25, 0.25, 0.25), use);
    }

    [Fact]
    public void This_program_uses_a_processor_while_it_computes()
    {
        MachineUse.Counters before = MachineUse.Read();
        long until = Environment.TickCount64 + 300;
        while (Environment.TickCount64 < until)
        {
            Thread.SpinWait(1000);
        }

        var use = MachineUse.Between(before, MachineUse.Read());
        Assert.InRange(use.Own, 0.001, Environment.ProcessorCount + 1);
        Assert.True(use.Others >= 0);
    }
}
