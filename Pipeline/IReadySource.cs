namespace PciBackFlow.Pipeline;

/// <summary>
/// What a shard waits on: many ports behind one descriptor. A port that was delivered stays masked (delivers
/// nothing more) until it is unmasked; what was signalled meanwhile is delivered then.
/// </summary>
public interface IReadySource : IDisposable
{
    /// <summary>Takes delivered ports, which are masked from then on.</summary>
    /// <param name="ports">Receives port numbers.</param>
    /// <param name="timeoutMilliseconds">0 returns at once; -1 waits without limit.</param>
    /// <returns>How many ports were written; 0 when the time ran out or <see cref="Wake"/> was called.</returns>
    int Take(Span<int> ports, int timeoutMilliseconds);

    /// <summary>Unmasks ports with one call. Owning thread only.</summary>
    /// <param name="ports">Ports delivered before.</param>
    void Unmask(ReadOnlySpan<int> ports);

    /// <summary>Makes a blocked or the next <see cref="Take"/> return. Any thread.</summary>
    void Wake();
}
