using PciBackFlow.Backend.Tracing;

namespace PciBackFlow.Perf.Load;

/// <summary>Reads a trace and throws it away, on a thread of its own, which allocates nothing.</summary>
public sealed class TraceSink : IDisposable
{
    // As often as the hub gives something.
    private const int PauseMilliseconds = 2;

    private readonly TraceSubscription _trace;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _end = new();
    private readonly TraceDecoder _gaps = new();
    private long _requests;
    private long _missing;

    /// <summary>Reads from now on.</summary>
    /// <param name="hub">Whose records.</param>
    /// <param name="isDenied">Whether only denied writes are wanted.</param>
    /// <exception cref="Backend.Failures.BackendException">As many read already as may.</exception>
    public TraceSink(TraceHub hub, bool isDenied = false)
    {
        ArgumentNullException.ThrowIfNull(hub);
        _trace = hub.Subscribe(new TraceFilter(isDenied));
        _thread = new Thread(Run) { IsBackground = true, Name = "trace sink" };
        _thread.Start();
    }

    /// <summary>Requests read so far. Any thread.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>Requests that are missing so far. Any thread.</summary>
    public long Missing => Volatile.Read(ref _missing);

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Set();
        _thread.Join();
        _trace.Dispose();
        _end.Dispose();
    }

    private void Run()
    {
        do
        {
            while (_trace.Batches.TryRead(out TraceBatch batch))
            {
                // A gap comes in a batch of its own.
                if (batch.Requests == 0 && _gaps.Read(batch.Records.Span) is { IsGap: true } gap)
                {
                    Volatile.Write(ref _missing, _missing + gap.Overflown + gap.Behind);
                }

                Volatile.Write(ref _requests, _requests + batch.Requests);
                batch.Return();
            }
        }
        while (!_end.Wait(PauseMilliseconds));
    }
}
