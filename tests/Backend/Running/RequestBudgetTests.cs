using PciBackFlow.Backend.Running;

namespace PciBackFlow.Backend.Tests.Running;

/// <summary>So many requests a second, a reserve for who asked for less, and a pause for what exceeds both.</summary>
public sealed class RequestBudgetTests
{
    private const int PerSecond = 100;
    private const int Reserve = 1_000;

    private readonly HandClock _clock = new();
    private readonly RequestBudget _budget;

    public RequestBudgetTests() => _budget = new(PerSecond, Reserve, _clock);

    [Fact]
    public void The_reserve_costs_no_pause()
    {
        Assert.Equal(TimeSpan.Zero, _budget.Spend(Reserve - 1));
        Assert.Equal(TimeSpan.Zero, _budget.Spend(1));
    }

    [Fact]
    public void What_exceeds_it_is_paid_for_in_time()
    {
        _budget.Spend(Reserve);
        Assert.Equal(TimeSpan.FromSeconds(0.5), _budget.Spend(50));

        // Paid, and not a request more.
        _clock.Now += TimeSpan.FromSeconds(0.5);
        Assert.Equal(TimeSpan.FromSeconds(0.1), _budget.Spend(10));
    }

    [Fact]
    public void No_pause_is_longer_than_a_second_and_what_it_left_unpaid_is_paid_later()
    {
        Assert.Equal(TimeSpan.FromSeconds(1), _budget.Spend(Reserve + (2 * PerSecond)));
        _clock.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(TimeSpan.FromSeconds(1), _budget.Spend(0));
        _clock.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(TimeSpan.Zero, _budget.Spend(0));
    }

    [Fact]
    public void Who_asks_no_faster_than_allowed_never_pauses()
    {
        _budget.Spend(Reserve);
        for (int second = 0; second < 1_000; second++)
        {
            _clock.Now += TimeSpan.FromSeconds(1);
            Assert.Equal(TimeSpan.Zero, _budget.Spend(PerSecond));
        }
    }

    [Fact]
    public void The_reserve_fills_up_again_and_no_further()
    {
        _budget.Spend(Reserve);
        _clock.Now += TimeSpan.FromDays(1);
        Assert.Equal(TimeSpan.Zero, _budget.Spend(Reserve));
        Assert.Equal(TimeSpan.FromSeconds(1), _budget.Spend(PerSecond));
    }
}
