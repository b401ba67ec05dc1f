using PciBackFlow.Backend.Tracing;

namespace PciBackFlow.Perf.Load;

/// <summary>Reads the whole trace and throws it away, on a thread of its own.</summary>
internal sealed class TraceSink : IDisposable
{
    private readonly TraceSubscription _trace;
    private readonly Thread _thread;
    private readonly TraceDecoder _gaps = new();
    private long _requests;
    private long _missing;

    internal TraceSink(TraceHub hub)
    {
        _trace = hub.Subscribe(new TraceFilter());
        _thread = new Thread(Run) { IsBackground = true, Name = "trace sink" };
        _thread.Start();
    }

    /// <summary>Requests read so far. Any thread.</summary>
    internal long Requests => Volatile.Read(ref _requests);

    /// <summary>Requests that are missing so far. Any thread.</summary>
    internal long Missing => Volatile.Read(ref _missing);

    public void Dispose()
    {
        _trace.Dispose();
        _thread.Join();
    }

    private void Run()
    {
        while (_trace.Batches.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
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
    }
}
