using PciBackFlow.Backend.Running;

namespace PciBackFlow.Backend.Tests.Running;

/// <summary>So many within a window, and none more until it has passed.</summary>
public sealed class FixedWindowTests
{
    private const int Limit = 40;
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private readonly HandClock _clock = new();
    private readonly FixedWindow _window;

    public FixedWindowTests() => _window = new(Limit, Length, _clock);

    [Fact]
    public void What_was_refused_is_counted_and_said_in_the_next_window()
    {
        TakeAll();
        for (int more = 0; more < 5; more++)
        {
            Assert.False(_window.TryTake(out _));
        }

        _clock.Now += Length;

        Assert.True(_window.TryTake(out long refused));
        Assert.Equal(5, refused);
        Assert.True(_window.TryTake(out refused));
        Assert.Equal(0, refused);
    }

    [Fact]
    public void A_window_begins_with_what_is_taken_first()
    {
        _clock.Now += 10 * Length;
        TakeAll();
        _clock.Now += Length - TimeSpan.FromTicks(1);

        Assert.False(_window.TryTake(out _));
        Assert.True(_window.IsUsedUp);
        _clock.Now += TimeSpan.FromTicks(1);
        Assert.False(_window.IsUsedUp);
        Assert.True(_window.TryTake(out _));
    }

    [Fact]
    public void Refilled_it_gives_all_again_at_once()
    {
        TakeAll();

        _window.Refill();

        Assert.False(_window.IsUsedUp);
        TakeAll();
        Assert.True(_window.IsUsedUp);
    }

    private void TakeAll()
    {
        for (int taken = 0; taken < Limit; taken++)
        {
            Assert.False(_window.IsUsedUp);
            Assert.True(_window.TryTake(out _));
        }
    }
}
