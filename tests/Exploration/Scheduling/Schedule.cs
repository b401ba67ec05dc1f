namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>
/// Everything a seed decides. Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with
/// Probabilistic Guarantees of Finding Bugs, ASPLOS 2010): every agent has a random priority, the highest that can go on does, and at a few
/// random steps the one that would go on falls behind all others. A bug that needs d orderings among n agents within k steps is hit with a
/// chance of at least 1/(n·k^(d−1)) per schedule. Here the number of such steps and the stretch in which they lie are drawn as well, so
/// nothing has to be known about the length. Every other seed walks at random instead: now and then one that could go on overtakes all
/// others. That finds what needs several switches close together.
/// </summary>
internal sealed class Schedule
{
    private const int MostChanges = 4;
    private const int MostTimeJumps = 3;
    private const int ShortestStretchBits = 4;
    private const int LongestStretchBits = 10;

    private const int LeastWalkOdds = 4;

    // Drawn priorities lie above all that were lowered and below all that were raised.
    private const int LowestDrawn = 1 << 20;

    private readonly SeededRandom _random;
    private readonly HashSet<int> _changes = [];
    private readonly HashSet<int> _timeJumps = [];
    private readonly int _walkOdds;
    private int _lowest = LowestDrawn;
    private int _highest = 2 * LowestDrawn;

    /// <param name="seed">The seed: the same one gives the same decisions.</param>
    /// <param name="hurried">Whether time may pass although a thread could go on.</param>
    internal Schedule(long seed, bool hurried)
    {
        Seed = seed;
        _random = new SeededRandom(seed);
        int stretch = 1 << (ShortestStretchBits + _random.Next(LongestStretchBits - ShortestStretchBits + 1));
        _walkOdds = _random.Next(2) == 0 ? 0 : LeastWalkOdds << _random.Next(4);
        for (int i = _walkOdds == 0 ? _random.Next(MostChanges + 1) : 0; i > 0; i--)
        {
            _changes.Add(_random.Next(stretch));
        }

        for (int i = hurried ? _random.Next(MostTimeJumps + 1) : 0; i > 0; i--)
        {
            _timeJumps.Add(_random.Next(stretch));
        }
    }

    internal long Seed { get; }

    /// <summary>A priority for a new agent.</summary>
    internal int DrawPriority() => LowestDrawn + _random.Next(LowestDrawn);

    /// <summary>A priority below all others so far.</summary>
    internal int NextLowest() => --_lowest;

    /// <summary>A priority above all others so far.</summary>
    internal int NextHighest() => ++_highest;

    /// <summary>Whether now, on a random walk, one of those that can go on overtakes the others.</summary>
    internal bool Overtakes() => _walkOdds != 0 && _random.Next(_walkOdds) == 0;

    /// <summary>Whether at this step the agent that would go on falls behind.</summary>
    internal bool ChangesAt(int step) => _changes.Contains(step);

    /// <summary>Whether at this step time jumps to the next moment somebody waits for.</summary>
    internal bool JumpsAt(int step) => _timeJumps.Contains(step);

    /// <summary>A choice of the scenario's own, from 0 to one below the bound.</summary>
    internal int Choose(int bound) => _random.Next(bound);
}
