using System.Diagnostics;

namespace PciBackFlow.Stages.Filter.Run;

/// <summary>
/// Whether a function is fast enough for a thread that serves others too. An access has a millisecond; what accesses take beyond it adds up, and time that
/// others left unused pays it back. Owned by whoever has the function.
/// </summary>
/// <remarks>
/// Summed up, because one threshold would be too low or too high: a thread that lost its processor for a moment made no function slow, and a function that
/// takes 2 ms every time must not stay. So one access of 5 ms is enough, and so are four of 2 ms; a function that stays costs others a millisecond for each
/// of its requests, and 4 ms once. The way back is a run of accesses within the millisecond, made by workers. It doubles each time: a device that is slow
/// only where it hurts, once it is back, soon has to be fast for a million accesses before it can do so again.
/// </remarks>
internal struct AccessPace
{
    /// <summary>What the accesses for one request may take.</summary>
    internal const int AllowedMicroseconds = 1_000;

    /// <summary>What they may have taken beyond that, in all, before the function is slow.</summary>
    internal const int DebtMicroseconds = 4_000;

    /// <summary>How many accesses in a row have to be within the time before a function that was slow for the first time is fast again.</summary>
    internal const int ShortestRun = 64;

    /// <summary>How often that number doubles.</summary>
    internal const int MostDoublings = 14;

    /// <summary>As how many times slow an access counts that held up a thread until another took its place.</summary>
    internal const int StuckTimes = 5;

    /// <summary>The same in Stopwatch ticks: what an access beyond it is called slow for.</summary>
    internal static readonly long Allowed = Stopwatch.Frequency * AllowedMicroseconds / 1_000_000;

    private static readonly long s_mostDebt = Stopwatch.Frequency * DebtMicroseconds / 1_000_000;

    private long _debt;
    private int _timesSlow;
    private int _fastInARow;

    /// <summary>Whether its accesses are to be made where nobody waits behind them.</summary>
    internal bool IsSlow { get; private set; }

    /// <summary>How many accesses in a row bring it back from where it is now.</summary>
    internal readonly int Run => ShortestRun << Math.Clamp(_timesSlow - 1, 0, MostDoublings);

    /// <summary>An access has ended.</summary>
    /// <param name="ticks">What it took.</param>
    /// <param name="wasStuck">Whether it lasted so long that its thread was replaced.</param>
    /// <returns>Whether this is the access that made the function slow.</returns>
    internal bool Note(long ticks, bool wasStuck)
    {
        if (wasStuck)
        {
            return Leave(StuckTimes);
        }

        if (IsSlow)
        {
            _fastInARow = ticks < Allowed ? _fastInARow + 1 : 0;
            if (_fastInARow == Run)
            {
                IsSlow = false;
                _debt = 0;
            }

            return false;
        }

        _debt = Math.Max(0, _debt + ticks - Allowed);
        return _debt >= s_mostDebt && Leave(1);
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
