using System.Diagnostics;

namespace PciBackFlow.Filter.Run;

/// <summary>
/// Whether a function is fast enough for a thread that serves others too. The accesses for one request have a millisecond; what they take beyond it is a debt,
/// of which a sixteenth of the time that passes is let off. Owned by whoever has the function.
/// </summary>
/// <remarks>
/// Time, not a number of slow accesses: a thread that lost its processor for a few milliseconds made no function slow, and a device that is slow once in a
/// hundred accesses, but then for long, takes as much from others as one that always is. So one access of 21 ms is enough, and so are some twenty of 2 ms in
/// a row; a function that stays has cost others those 20 ms, a sixteenth of the time, and a millisecond for each of its requests. The way back is a run of
/// accesses within the millisecond, made by workers. It doubles each time: a device that is slow only where it hurts, once it is back, soon has to be fast for
/// a million accesses before it can do so again.
/// </remarks>
internal struct AccessPace
{
    /// <summary>What the accesses for one request may take.</summary>
    internal const int AllowedMicroseconds = 1_000;

    /// <summary>The debt with which a function is slow.</summary>
    internal const int DebtMicroseconds = 20_000;

    /// <summary>Which part of the time is let off the debt: one in so many.</summary>
    internal const int OneIn = 16;

    /// <summary>How many accesses in a row have to be within the time before a function that was slow for the first time is fast again.</summary>
    internal const int ShortestRun = 64;

    /// <summary>How often that number doubles.</summary>
    internal const int MostDoublings = 14;

    /// <summary>As how many times slow an access counts that held up a thread until another took its place.</summary>
    internal const int StuckTimes = 5;

    /// <summary>What an access may take, in Stopwatch ticks.</summary>
    internal static readonly long Allowed = Stopwatch.Frequency * AllowedMicroseconds / 1_000_000;

    private static readonly long s_mostDebt = Stopwatch.Frequency * DebtMicroseconds / 1_000_000;

    private long _debt;
    private long _debtAt;
    private int _timesSlow;
    private int _fastInARow;

    /// <summary>Whether its accesses are to be made where nobody waits behind them.</summary>
    internal bool IsSlow { get; private set; }

    /// <summary>How many accesses in a row bring it back from where it is now.</summary>
    internal readonly int Run => ShortestRun << Math.Clamp(_timesSlow - 1, 0, MostDoublings);

    /// <summary>An access has ended.</summary>
    /// <param name="now">When, in Stopwatch ticks.</param>
    /// <param name="took">What it took.</param>
    /// <param name="wasStuck">Whether it lasted so long that its thread was replaced.</param>
    /// <returns>Whether this is the access that made the function slow.</returns>
    internal bool Note(long now, long took, bool wasStuck)
    {
        if (wasStuck)
        {
            return Leave(StuckTimes);
        }

        if (IsSlow)
        {
            ComeNearer(took < Allowed);
            return false;
        }

        if (took < Allowed)
        {
            return false;
        }

        _debt = Math.Max(0, _debt - ((now - _debtAt) / OneIn)) + took - Allowed;
        _debtAt = now;
        return _debt >= s_mostDebt && Leave(1);
    }

    private void ComeNearer(bool isFast)
    {
        _fastInARow = isFast ? _fastInARow + 1 : 0;
        if (_fastInARow == Run)
        {
            IsSlow = false;
            _debt = 0;
        }
    }

    private bool Leave(int times)
    {
        bool isNews = !IsSlow;
        IsSlow = true;
        _fastInARow = 0;
        _timesSlow = Math.Min(_timesSlow + times, MostDoublings + 1);
        return isNews;
    }
}
