using System.Globalization;

namespace PciBackFlow.Perf.Load;

/// <summary>What a tenth of a run's functions do to the others: a kind, and for a kind that has one its time. As a word: <c>slow=5ms</c>.</summary>
/// <param name="Kind">In which way they are bad.</param>
/// <param name="Time">Slow: how long enabling takes, <see cref="Least"/> to <see cref="Most"/>.</param>
public sealed record Neighbour(NeighbourKind Kind, TimeSpan Time)
{
    /// <summary>One function in so many.</summary>
    public const int OneIn = 10;

    /// <summary>How the word is written.</summary>
    public const string Grammar = "slow=TIME, with a time from 1us to 60s in us, ms or s";

    // Longest suffix first: each of them ends with the last.
    private static readonly (string Suffix, double Milliseconds)[] s_units = [("us", 0.001), ("ms", 1), ("s", 1000)];

    /// <summary>The shortest time.</summary>
    public static TimeSpan Least { get; } = TimeSpan.FromMicroseconds(1);

    /// <summary>The longest time.</summary>
    public static TimeSpan Most { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads the word.</summary>
    /// <param name="word">As in <see cref="Grammar"/>.</param>
    /// <param name="neighbour">What it means.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string word, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Neighbour? neighbour)
    {
        string[] parts = word.Split('=', 2);
        neighbour = parts is ["slow", var time] && TryParseTime(time, out TimeSpan value) ? new Neighbour(NeighbourKind.Slow, value) : null;
        return neighbour is not null;
    }

    /// <summary>Whether a guest's function is one.</summary>
    /// <param name="guest">The guest's number, from 0.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsOne(int guest) => guest % OneIn == OneIn - 1;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"slow={Time.TotalMilliseconds:0.###}ms");

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
                return time >= Least;
            }
        }

        return false;
    }
}
