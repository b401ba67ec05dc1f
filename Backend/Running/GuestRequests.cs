using System.Threading.Tasks.Dataflow;

namespace PciBackFlow.Backend.Running;

/// <summary>One bounded queue for each guest that has requests: they run in order, those of different guests side by side. Thread-safe.</summary>
internal sealed class GuestRequests
{
    /// <summary>More of one guest waiting than anybody means.</summary>
    public const int Capacity = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Lane> _lanes = [];

    /// <summary>Runs a request when those before it have ended.</summary>
    /// <exception cref="BackendException">Too many are waiting.</exception>
    public async Task<T> RunAsync<T>(int domainId, Func<Task<T>> request)
    {
        TaskCompletionSource<T> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Lane lane;
        lock (_lock)
        {
            if (!_lanes.TryGetValue(domainId, out lane!))
            {
                _lanes.Add(domainId, lane = new());
            }

            if (lane.Pending == Capacity)
            {
                throw new BackendException(BackendFailure.Failed, $"domain {domainId}: {Capacity} requests are waiting already; try again later");
            }

            lane.Pending++;
            lane.Block.Post(Run);
        }

        return await result.Task.ConfigureAwait(false);

        async Task Run()
        {
            try
            {
                result.SetResult(await request().ConfigureAwait(false));
            }
            catch (OperationCanceledException e)
            {
                result.SetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
            finally
            {
                lock (_lock)
                {
                    if (--lane.Pending == 0)
                    {
                        _lanes.Remove(domainId);
                        lane.Block.Complete();
                    }
                }
            }
        }
    }

    private sealed class Lane
    {
        public ActionBlock<Func<Task>> Block { get; } = new(static request => request(), new() { MaxDegreeOfParallelism = 1 });

        public int Pending { get; set; }
    }
}
