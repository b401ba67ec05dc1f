using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Scripted;

/// <summary>
/// What a shard of scripted guests waits on: it delivers all ports when it is asked to. <see cref="Wake"/>: any thread; the rest is the shard's.
/// </summary>
internal sealed class ScriptedSource(int count) : IReadySource
{
    private const int NothingAsked = int.MaxValue;

    private readonly AutoResetEvent _wake = new(initialState: false);
    private int _next = NothingAsked;

    /// <summary>Delivers every port once.</summary>
    internal void DeliverAll() => _next = 0;

    /// <inheritdoc/>
    public int Take(Span<int> ports, int timeoutMilliseconds)
    {
        if (_next >= count && timeoutMilliseconds != 0)
        {
            _wake.WaitOne(timeoutMilliseconds);
        }

        int delivered = 0;
        while (delivered < ports.Length && _next < count)
        {
            ports[delivered++] = _next++;
        }

        return delivered;
    }

    /// <inheritdoc/>
    public void Unmask(ReadOnlySpan<int> ports)
    {
    }

    /// <inheritdoc/>
    public void Wake() => _wake.Set();

    /// <inheritdoc/>
    public void Dispose() => _wake.Dispose();
}
