using PciBackFlow.Backend.Guests;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>What comes after guests waits for them, but not for one whose device does not answer.</summary>
public sealed class FirstLooksTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource[] _guests = [.. Enumerable.Range(0, 8).Select(static _ => new TaskCompletionSource())];

    private Task[] Looks => [.. _guests.Select(static guest => guest.Task)];

    [Fact]
    public void Nobody_is_waited_for_where_nobody_is() => Assert.True(FirstLooks.Wait([], TimeSpan.Zero, TimeSpan.Zero));

    [Fact]
    public async Task As_long_as_one_after_the_other_is_done_all_are_waited_for()
    {
        Task<bool> wait = Task.Run(() => FirstLooks.Wait(Looks, Long, Long), TestContext.Current.CancellationToken);
        foreach (TaskCompletionSource guest in _guests)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
            Assert.False(wait.IsCompleted);
            guest.SetResult();
        }

        Assert.True(await wait);
    }

    [Fact]
    public void Where_nothing_goes_on_nobody_is_waited_for()
    {
        _guests[3].SetResult();

        Assert.False(FirstLooks.Wait(Looks, TimeSpan.FromMilliseconds(20), Long));
    }

    [Fact]
    public void There_is_an_end_of_it_also_where_something_goes_on()
    {
        _guests[3].SetResult();

        Assert.False(FirstLooks.Wait(Looks, Long, TimeSpan.Zero));
    }

    [Fact]
    public void A_guest_whose_look_failed_is_done_as_well()
    {
        foreach (TaskCompletionSource guest in _guests)
        {
            guest.SetException(new InvalidOperationException("seen"));
        }

        Assert.True(FirstLooks.Wait(Looks, Long, Long));
    }
}
