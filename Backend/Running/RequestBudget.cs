namespace PciBackFlow.Backend.Running;

/// <summary>
/// So many requests a second, and a reserve for who has asked for less: what exceeds both is paid for with pauses. Not thread-safe.
/// </summary>
/// <param name="perSecond">How many a second.</param>
/// <param name="reserve">How many at once, when nothing was asked for a while.</param>
/// <param name="clock">Whose time.</param>
internal sealed class RequestBudget(int perSecond, int reserve, TimeProvider clock)
{
    // What a guest's end, or the daemon's, waits at most; what is not paid then is paid after the next requests.
    private const double LongestPauseSeconds = 1;

    private double _left = reserve;
    private long _at = clock.GetTimestamp();

    /// <summary>Requests were made.</summary>
    /// <param name="requests">How many.</param>
    /// <returns>How long none may follow.</returns>
    public TimeSpan Spend(long requests)
    {
        long now = clock.GetTimestamp();
        _left = Math.Min(reserve, _left + (clock.GetElapsedTime(_at, now).TotalSeconds * perSecond)) - requests;
        _at = now;
        return _left >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(LongestPauseSeconds, -_left / perSecond));
    }
}
