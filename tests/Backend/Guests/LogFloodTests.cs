using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Running;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>XSA-43 for the control plane: what a guest does to its state costs the host a bounded number of lines.</summary>
public sealed class LogFloodTests
{
    [Fact]
    public void A_guest_that_connects_and_closes_without_pause_writes_a_bounded_number_of_lines()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        for (int round = 0; round < 40; round++)
        {
            bench.AwaitState(7, 3);
            frontend.Publish();
            bench.AwaitState(7, 4);
            frontend.Write("state", "6");
            bench.AwaitState(7, 6);
            frontend.Write("state", "1");
        }

        bench.AwaitState(7, 3);

        // A slow machine may see two windows.
        Assert.InRange(bench.Lines.Texts.Count(), 10, 2 * LogAllowance.Lines + 20);
    }

    [Fact]
    public void What_was_not_logged_is_counted_and_said_in_the_next_window()
    {
        HandClock clock = new();
        LogAllowance allowance = new(clock);
        for (int line = 0; line < LogAllowance.Lines; line++)
        {
            Assert.True(allowance.TryTake(out _));
        }

        for (int line = 0; line < 5; line++)
        {
            Assert.False(allowance.TryTake(out _));
        }

        clock.Now += LogAllowance.Window;
        Assert.True(allowance.TryTake(out long suppressed));
        Assert.Equal(5, suppressed);
        Assert.True(allowance.TryTake(out suppressed));
        Assert.Equal(0, suppressed);
    }

    private sealed class HandClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
