using System.Globalization;

namespace PciBackFlow.Perf.Load;

/// <summary>What a tenth of a run's functions do to the others: a kind and its time. As a word: <c>slow=5ms</c>.</summary>
/// <param name="Kind">In which way they are bad.</param>
/// <param name="Time">How long it takes each time, <see cref="Least"/> to <see cref="Most"/>.</param>
public sealed record Neighbour(NeighbourKind Kind, TimeSpan Time)
{
    /// <summary>One function in so many.</summary>
    public const int OneIn = 10;

    /// <summary>How the word is written.</summary>
    public const string Grammar = "slow=TIME, access=TIME or hang=TIME, with a time from 1us (hang: 1s) to 60s in us, ms or s";

    // Longest suffix first: each of them ends with the last.
    private static readonly (string Suffix, double Milliseconds)[] s_units = [("us", 0.001), ("ms", 1), ("s", 1000)];

    private static readonly (string Word, NeighbourKind Kind)[] s_kinds =
        [("slow", NeighbourKind.Slow), ("access", NeighbourKind.Access), ("hang", NeighbourKind.Hang)];

    /// <summary>The shortest time. What hangs does so beyond the backend's deadline for a register, or it would be slow.</summary>
    public TimeSpan Least => Kind == NeighbourKind.Hang ? TimeSpan.FromSeconds(1) : TimeSpan.FromMicroseconds(1);

    /// <summary>The longest time.</summary>
    public static TimeSpan Most { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads the word.</summary>
    /// <param name="word">As in <see cref="Grammar"/>.</param>
    /// <param name="neighbour">What it means.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string word, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Neighbour? neighbour)
    {
        neighbour = null;
        foreach ((string name, NeighbourKind kind) in s_kinds)
        {
            if (word.Split('=', 2) is [var first, var text] && first == name && TryParseTime(text, out TimeSpan time))
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
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{WordOf(Kind)}={Time.TotalMilliseconds:0.###}ms");

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
