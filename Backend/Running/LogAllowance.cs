namespace PciBackFlow.Backend.Running;

/// <summary>
/// How many lines one guest's changes of state may put into the log: a guest can connect and close as often as it likes, and must not fill the
/// host's disk with it (XSA-43). Owned by the guest's queue.
/// </summary>
internal sealed class LogAllowance(TimeProvider clock)
{
    /// <summary>Lines in a window: a life with a dozen hot-plugged devices stays below it.</summary>
    public const int Lines = 40;

    /// <summary>How long a window is.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private long _begin = clock.GetTimestamp();
    private int _used;
    private long _suppressed;

    /// <summary>Asks for a line.</summary>
    /// <param name="suppressed">How many were not written in the window before, when that has just ended; else 0.</param>
    /// <returns>Whether it may be written.</returns>
    public bool TryTake(out long suppressed)
    {
        suppressed = 0;
        if (clock.GetElapsedTime(_begin) >= Window)
        {
            (suppressed, _suppressed) = (_suppressed, 0);
            _begin = clock.GetTimestamp();
            _used = 0;
        }

        if (_used == Lines)
        {
            _suppressed++;
            return false;
        }

        _used++;
        return true;
    }
}
