using System.Globalization;

namespace PciBackFlow.Perf.Load.Neighbours;

/// <summary>What a tenth of a run's guests or functions do to the others: a kind, most with a time. As a word: <c>slow=5ms</c>, <c>storm</c>.</summary>
/// <param name="Kind">In which way they are bad.</param>
/// <param name="Time">How long it takes each time, <see cref="Least"/> to <see cref="Most"/>; 0 for what takes no time (<see cref="HasTime"/>).</param>
public sealed record Neighbour(NeighbourKind Kind, TimeSpan Time)
{
    /// <summary>One function in so many.</summary>
    public const int OneIn = 10;

    /// <summary>How the word is written.</summary>
    public const string Grammar =
        "slow=TIME, access=TIME or hang=TIME, with a time from 1us (hang: 1s) to 60s in us, ms or s; hung (as hang=5s); storm; or zipf";

    // Longest suffix first: each of them ends with the last.
    private static readonly (string Suffix, double Milliseconds)[] s_units = [("us", 0.001), ("ms", 1), ("s", 1000)];

    // What "hung" alone stands for: longer than any guest waits.
    private static readonly TimeSpan s_hung = TimeSpan.FromSeconds(5);

    private static readonly (string Word, NeighbourKind Kind)[] s_kinds =
    [
        ("slow", NeighbourKind.Slow), ("access", NeighbourKind.Access), ("hang", NeighbourKind.Hang), ("storm", NeighbourKind.Storm),
        ("zipf", NeighbourKind.Zipf),
    ];

    /// <summary>The shortest time. What hangs does so beyond the backend's deadline for a register, or it would be slow.</summary>
    public TimeSpan Least =>
        !HasTime ? TimeSpan.Zero : Kind == NeighbourKind.Hang ? TimeSpan.FromSeconds(1) : TimeSpan.FromMicroseconds(1);

    /// <summary>The longest time.</summary>
    public static TimeSpan Most { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether the kind has a time.</summary>
    public bool HasTime => Kind is NeighbourKind.Slow or NeighbourKind.Access or NeighbourKind.Hang;

    /// <summary>Reads the word.</summary>
    /// <param name="word">As in <see cref="Grammar"/>.</param>
    /// <param name="neighbour">What it means.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string word, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Neighbour? neighbour)
    {
        neighbour = null;
        if (word == "hung")
        {
            neighbour = new Neighbour(NeighbourKind.Hang, s_hung);
            return true;
        }

        if (Array.Find(s_kinds, known => known.Word == word) is (not null, var timeless) && new Neighbour(timeless, TimeSpan.Zero) is { HasTime: false } bare)
        {
            neighbour = bare;
            return true;
        }

        foreach ((string name, NeighbourKind kind) in s_kinds)
        {
            if (word.Split('=', 2) is [var first, var text] && first == name && new Neighbour(kind, default).HasTime && TryParseTime(text, out TimeSpan time))
            {
                neighbour = new Neighbour(kind, time);
                return time >= neighbour.Least;
            }
        }

        return false;
    }

    /// <summary>Whether a guest's function is one.</summary>
    /// <param name="guest">The guest's number, from 0.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsOne(int guest) => guest % OneIn == OneIn - 1;

    /// <inheritdoc/>
    public override string ToString() =>
        HasTime ? string.Create(CultureInfo.InvariantCulture, $"{WordOf(Kind)}={Time.TotalMilliseconds:0.###}ms") : WordOf(Kind);

    /// <summary>Whether what their own guests miss is part of the plan, and no error of the run.</summary>
    public bool MissesAreExpected => Kind == NeighbourKind.Hang;

    /// <summary>Whether they are bad only when they are enabled.</summary>
    public bool NeedsEnabling => Kind is NeighbourKind.Slow or NeighbourKind.Hang;

    private static string WordOf(NeighbourKind kind) => Array.Find(s_kinds, known => known.Kind == kind).Word;

    private static bool TryParseTime(string text, out TimeSpan time)
    {
        time = default;
        foreach ((string suffix, double milliseconds) in s_units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                ReadOnlySpan<char> number = text.AsSpan(0, text.Length - suffix.Length);
                if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
                    || value * milliseconds > Most.TotalMilliseconds)
                {
                    return false;
                }

                time = TimeSpan.FromMilliseconds(value * milliseconds);
                return true;
            }
        }

        return false;
    }
}
