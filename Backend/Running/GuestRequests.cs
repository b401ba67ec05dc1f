namespace PciBackFlow.Backend.Running;

/// <summary>Requests that each want an answer: those for one guest run in order, those for different guests side by side. Thread-safe.</summary>
internal sealed class GuestRequests
{
    /// <summary>More for one guest at a time than anybody means, the one that runs among them.</summary>
    public const int Capacity = 64;

    private readonly KeyedQueue<int, Func<Task>> _requests = new(Capacity, keepsPlace: true, static (_, request) => request(), TaskScheduler.Default);

    /// <summary>Runs a request when those before it have ended.</summary>
    /// <exception cref="BackendException">Too many are waiting.</exception>
    public async Task<T> RunAsync<T>(int domainId, Func<Task<T>> request)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_requests.TryPost(domainId, AnswerAsync))
        {
            throw new BackendException(BackendFailure.Failed, $"domain {domainId}: {Capacity} requests are waiting already; try again later");
        }

        return await answer.Task.ConfigureAwait(false);

        async Task AnswerAsync()
        {
            try
            {
                answer.SetResult(await request().ConfigureAwait(false));
            }
            catch (OperationCanceledException e)
            {
                answer.SetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                answer.SetException(e);
            }
        }
    }
}
