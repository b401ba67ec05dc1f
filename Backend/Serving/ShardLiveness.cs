namespace PciBackFlow.Backend.Serving;

/// <summary>
/// Whether the shards do their work: each is asked to run an empty action between two requests. A shard that sleeps is not stuck and not woken for that. One
/// that is asked and hasn't answered is not asked again, so that a stuck one holds one waiting thread at most. Thread-safe.
/// </summary>
public sealed class ShardLiveness
{
    private readonly Lock _lock = new();
    private readonly Action<int, Action> _invoke;
    private readonly Func<int, bool> _isAsleep;
    private readonly Task?[] _asked;

    /// <summary>Creates the check.</summary>
    /// <param name="shards">How many shards there are.</param>
    /// <param name="invoke">Runs an action on a shard and waits for it (<see cref="Pipeline.Running.IPipelineEngine{TItem}.Invoke"/>).</param>
    /// <param name="isAsleep">Whether a shard waits for something to do; null: nobody knows.</param>
    public ShardLiveness(int shards, Action<int, Action> invoke, Func<int, bool>? isAsleep = null)
    {
        _invoke = invoke;
        _isAsleep = isAsleep ?? (static _ => false);
        _asked = new Task?[shards];
    }

    /// <summary>How many shards there are.</summary>
    public int Count => _asked.Length;

    /// <summary>Asks every shard.</summary>
    /// <param name="patience">How long to wait for the slowest.</param>
    /// <returns>For each shard whether it answered.</returns>
    public async Task<bool[]> AskAsync(TimeSpan patience)
    {
        var questions = new Task[_asked.Length];
        lock (_lock)
        {
            for (int shard = 0; shard < _asked.Length; shard++)
            {
                int asked = shard;
                if (_isAsleep(shard))
                {
                    questions[shard] = Task.CompletedTask;
                    continue;
                }

                if (_asked[shard] is not { IsCompleted: false } pending)
                {
                    _asked[shard] = pending = Task.Factory.StartNew(
                        () => _invoke(asked, static () => { }), CancellationToken.None, TaskCreationOptions.DenyChildAttach,
                        TaskScheduler.Default);
                }

                questions[shard] = pending;
            }
        }

        try
        {
            await Task.WhenAll(questions).WaitAsync(patience).ConfigureAwait(false);
        }
        catch (Exception late) when (late is TimeoutException or ObjectDisposedException)
        {
            // Which of them it was is told below.
        }

        return [.. questions.Select(static question => question.IsCompletedSuccessfully)];
    }
}
