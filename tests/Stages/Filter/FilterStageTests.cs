using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests.Filter;

/// <summary>What the stage makes of the filter's plan: who carries it out, and what is kept of what was dropped.</summary>
public sealed class FilterStageTests
{
    private const int Own = 0x60;

    [Fact]
    public void What_was_dropped_is_kept_by_dword_and_in_its_lanes()
    {
        using var guest = new TestGuest();

        guest.Serve(TestGuest.Write(0x82, 1, 0x5A));
        guest.Serve(TestGuest.Write(0x81, 1, 0x5A));
        guest.Serve(TestGuest.Write(0x8C, 2, 0x5A5A));

        Assert.Equal([new DeniedRegister(0x80, 0x00FF_FF00, 2), new DeniedRegister(0x8C, 0x0000_FFFF, 1)], guest.Function.Denied.Read());
    }

    // Strict refuses a write to a register in which nothing is open, also one that would change nothing: then there is no bit to name.
    [Theory]
    [InlineData(2, 0x8086u, 0xFFFFu, 0)]
    [InlineData(4, TestFunction.Identity, 0xFFFF_FFFFu, 0)]
    [InlineData(4, TestFunction.Identity ^ 0x30, 0x30u, 1)]
    public void A_write_that_is_refused_for_the_register_it_touches_counts_as_denied(int size, uint value, uint denied, int kept)
    {
        using var guest = new TestGuest(
            change: static dwords => dwords[0] = new ConfigDword { Shadow = uint.MaxValue, ByPolicy = uint.MaxValue, Closed = uint.MaxValue },
            settings: MapSettings.SayDenied);

        Assert.Equal(PciOpStatus.AccessDenied, guest.Serve(TestGuest.Write(0, size, value)).Error);

        Assert.Equal((denied, 1L, kept), (guest.Operation.DeniedBits, guest.Counters.DeniedWrites, guest.Function.Denied.Read().Count));
    }

    [Theory]
    [InlineData(0x8000u, true)]
    [InlineData(0x0000u, false)]
    public void What_may_block_on_any_function_goes_to_a_worker_and_nothing_else_does(uint value, bool isReset)
    {
        using var guest = new TestGuest(
            change: static dwords => dwords[Own / 4] = new ConfigDword { EffectMask = 0x8000, Effect = PlanAction.FunctionLevelReset });

        Assert.Equal(PciOpStatus.Success, guest.Serve(TestGuest.Write(Own, 2, value)).Error);

        Assert.Equal(isReset ? 1 : 0, guest.Counters.Offloaded);
        guest.Serve(TestGuest.Write(0x40, 4, value));
        Assert.Equal(isReset ? 1 : 0, guest.Counters.Offloaded);
    }
}
