namespace PciBackFlow.Backend.Running;

/// <summary>
/// So many of something within a window of time, and none more until it has passed: what keeps a guest from filling the host's log or spending its time by
/// repetition. The first one opens the window. Not thread-safe.
/// </summary>
/// <param name="limit">How many.</param>
/// <param name="length">How long a window is.</param>
/// <param name="clock">Whose time.</param>
internal sealed class FixedWindow(int limit, TimeSpan length, TimeProvider clock)
{
    private long _begin;
    private int _taken;
    private long _refused;

    /// <summary>Whether none can be had now.</summary>
    public bool IsUsedUp => _taken == limit && clock.GetElapsedTime(_begin) < length;

    /// <summary>Takes one.</summary>
    /// <param name="refused">How many were refused in the window before, when this opens another; else 0.</param>
    /// <returns>Whether there was one left.</returns>
    public bool TryTake(out long refused)
    {
        refused = 0;
        if (_taken == 0 || clock.GetElapsedTime(_begin) >= length)
        {
            (refused, _refused) = (_refused, 0);
            _begin = clock.GetTimestamp();
            _taken = 0;
        }

        if (_taken == limit)
        {
            _refused++;
            return false;
        }

        _taken++;
        return true;
    }

    /// <summary>All can be had again.</summary>
    public void Refill() => _taken = 0;
}
