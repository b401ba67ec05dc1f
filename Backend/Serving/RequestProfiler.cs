using System.Diagnostics;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Pipeline;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Backend.Serving;

/// <summary>
/// Looks for a while at where the time of guests' requests goes, for who asks; one at a time. Requests do not wait for it. Any thread.
/// </summary>
/// <param name="engine">What carries the requests.</param>
public sealed class RequestProfiler(IPipelineEngine<GuestOperation> engine)
{
    /// <summary>The least that a profile takes, in seconds.</summary>
    public const double LeastSeconds = 0.001;

    /// <summary>The most that a profile takes, in seconds.</summary>
    public const double MostSeconds = 3600;

    private readonly Lock _lock = new();
    private (string Id, CancellationTokenSource End)? _running;
    private bool _isClosed;

    /// <summary>Looks.</summary>
    /// <param name="id">The name under which it can be ended.</param>
    /// <param name="domain">Whose requests; null for all guests'.</param>
    /// <param name="time">For how long.</param>
    /// <param name="everyNth">Which of these requests are timed: 1 for all, to <see cref="EngineOptions.MostSampleEvery"/>.</param>
    /// <param name="over">Ends it early.</param>
    /// <returns>What was found, also when it has ended early.</returns>
    /// <exception cref="BackendException">Somebody looks already, or the daemon is ending.</exception>
    public async Task<RequestProfile> TakeAsync(string id, int? domain, TimeSpan time, int everyNth, CancellationToken over)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(over);
        lock (_lock)
        {
            if (_isClosed)
            {
                throw new BackendException(BackendFailure.Failed, "the daemon is ending");
            }

            if (_running is not null)
            {
                throw new BackendException(
                    BackendFailure.Failed, "a profile is being taken already, and there is one at a time\n  Try again when it is over.");
            }

            _running = (id, end);
        }

        try
        {
            long began = Stopwatch.GetTimestamp();
            (IReadOnlyList<StageThread> before, long served) = await Aside(() => Begin(domain, everyNth)).ConfigureAwait(false);
            await Task.Delay(time, end.Token).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            return await Aside(() => Finish(id, before, served, Stopwatch.GetElapsedTime(began))).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _running = null;
            }
        }
    }

    /// <summary>Ends the profile that is being taken: who asked for it gets what there is.</summary>
    /// <param name="id">Which one: another one than it goes on.</param>
    /// <returns>Whether it was being taken.</returns>
    public bool End(string id)
    {
        lock (_lock)
        {
            if (_running is not { } running || running.Id != id)
            {
                return false;
            }

            running.End.Cancel();
            return true;
        }
    }

    /// <summary>Takes profiles again, after <see cref="Close"/>.</summary>
    public void Open()
    {
        lock (_lock)
        {
            _isClosed = false;
        }
    }

    /// <summary>Takes no profile any more, and ends that which is being taken.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            _running?.End.Cancel();
        }
    }

    // Both ask the shards and wait for them.
    private static Task<T> Aside<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private (IReadOnlyList<StageThread> Before, long Served) Begin(int? domain, int everyNth)
    {
        engine.TryStartProbe(everyNth, domain is { } id ? request => request.Connection?.DomainId == id : static _ => true);
        return (engine.ReadThreads(), engine.ReadCounters().Served);
    }

    private RequestProfile Finish(string id, IReadOnlyList<StageThread> before, long served, TimeSpan time)
    {
        long requests = engine.ReadCounters().Served - served;
        long bytes = StageThread.AllocatedBetween(before, engine.ReadThreads());
        ProbedStages found = engine.EndProbe() ?? throw new InvalidOperationException("nobody else ends a profile");
        return new(
            id, PipelineTopologyNames.NameOf(engine.Topology), time.TotalSeconds, found.Items, found.Timings, found.Totals, found.Accesses,
            found.AccessNanoseconds, requests == 0 ? 0 : bytes / (double)requests);
    }
}
