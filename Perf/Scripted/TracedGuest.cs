using PciBackFlow.Pci;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Scripted;

/// <summary>
/// A <see cref="SteppedGuest"/> whose requests are traced, or are not: what the trace costs the thread that serves. Its ring is emptied by the same thread, a
/// whole ring at a time, so that none of its records is dropped and all of its memory is walked through; that emptying is part of what is measured.
/// Used by one thread.
/// </summary>
public sealed class TracedGuest : IDisposable
{
    private readonly SteppedGuest _guest;
    private readonly TraceRing? _ring;
    private int _unread;

    /// <summary>Makes the guest.</summary>
    /// <param name="function">What it has; it stays the caller's.</param>
    /// <param name="state">What its requests find; <see cref="TraceState.Denied"/> is as <see cref="TraceState.On"/> here, where no reader is.</param>
    public TracedGuest(IPciFunction function, TraceState state)
    {
        ShardTrace? trace = state == TraceState.None ? null : new(shard: 0);
        _ring = state > TraceState.Off ? trace!.Start() : null;
        _guest = new(function, trace);
    }

    /// <summary>Records taken so far.</summary>
    public long Records { get; private set; }

    /// <summary>Records that found no room so far.</summary>
    public long Dropped => _ring?.Dropped ?? 0;

    /// <summary>Whether the last request was answered.</summary>
    public bool IsAnswered => _guest.IsAnswered;

    /// <summary>Takes a request through all stages, again and again.</summary>
    /// <param name="request">Anything a guest can send.</param>
    /// <param name="times">How often: at least 0.</param>
    public void Serve(in PciOpRequest request, int times)
    {
        for (int i = 0; i < times; i++)
        {
            _guest.Serve(in request);
            if (++_unread == ShardTrace.Capacity)
            {
                Take();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _guest.Dispose();

    private void Take()
    {
        _unread = 0;
        while (_ring is { } ring && ring.TryTake(out _))
        {
            Records++;
        }
    }
}
