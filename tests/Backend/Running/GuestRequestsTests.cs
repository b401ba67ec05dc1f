using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Running;

namespace PciBackFlow.Backend.Tests.Running;

/// <summary>Requests for one guest run in order and each has its answer; those for others do not wait for them.</summary>
public sealed class GuestRequestsTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly GuestRequests _requests = new();
    private readonly TaskCompletionSource _gate = new();

    [Fact]
    public async Task Requests_for_one_guest_run_in_order_and_never_two_at_a_time()
    {
        List<int> order = [];
        int inside = 0;
        await Task.WhenAll(Enumerable.Range(0, GuestRequests.Capacity).Select(number => _requests.RunAsync(7, async () =>
        {
            Assert.Equal(1, Interlocked.Increment(ref inside));
            order.Add(number);
            await Task.Yield();
            Interlocked.Decrement(ref inside);
            return number;
        }))).WaitAsync(Soon);

        Assert.Equal(Enumerable.Range(0, GuestRequests.Capacity), order);
    }

    [Fact]
    public async Task One_guests_request_does_not_wait_for_anothers()
    {
        Task<int> slow = Blocked(7);

        Assert.Equal(8, await _requests.RunAsync(8, static () => Task.FromResult(8)).WaitAsync(Soon));

        _gate.SetResult();
        await slow.WaitAsync(Soon);
    }

    [Fact]
    public async Task A_request_that_fails_or_is_cancelled_says_so_and_the_next_one_runs()
    {
        await Assert.ThrowsAsync<IOException>(() => _requests.RunAsync<int>(7, static () => throw new IOException("refused")).WaitAsync(Soon));
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _requests.RunAsync<int>(7, () => throw new OperationCanceledException(cancelled.Token)).WaitAsync(Soon));

        Assert.Equal(1, await _requests.RunAsync(7, static () => Task.FromResult(1)).WaitAsync(Soon));
    }

    [Fact]
    public async Task More_requests_than_may_wait_are_refused_and_taken_again_later()
    {
        TaskCompletionSource entered = new();
        Task<int> first = _requests.RunAsync(7, async () =>
        {
            entered.SetResult();
            await _gate.Task;
            return 0;
        });
        await entered.Task.WaitAsync(Soon);
        Task<int>[] waiting = [.. Enumerable.Range(1, GuestRequests.Capacity - 1).Select(_ => Blocked(7))];

        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => Blocked(7));

        Assert.Contains("domain 7: 64 requests are waiting already", refused.Message, StringComparison.Ordinal);
        _gate.SetResult();
        await Task.WhenAll([first, .. waiting]).WaitAsync(Soon);
        Assert.Equal(0, await Blocked(7).WaitAsync(Soon));
    }

    private Task<int> Blocked(int domainId) => _requests.RunAsync(domainId, async () =>
    {
        await _gate.Task;
        return 0;
    });
}
