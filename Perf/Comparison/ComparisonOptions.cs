using System.Globalization;

namespace PciBackFlow.Perf.Comparison;

/// <summary>What a comparison does.</summary>
/// <param name="Yardstick">The C yardstick's program.</param>
/// <param name="Rounds">How often each side is measured, alternately.</param>
/// <param name="Seconds">How long each measurement lasts.</param>
/// <param name="RawDirectory">Where raw samples and reports are kept; null: nowhere.</param>
/// <param name="SoakSeconds">How long the soak lasts; 0: none.</param>
internal sealed record ComparisonOptions(string Yardstick, int Rounds, double Seconds, string? RawDirectory, double SoakSeconds)
{
    /// <summary>What is said of the words.</summary>
    internal const string Usage = """
        usage: Perf/compare [--rounds N] [--seconds S] [--raw DIRECTORY] [--soak S]
          --rounds N       how often each side is measured, alternately (1 to 100, default 5)
          --seconds S      how long each measurement lasts (0.1 to 600, default 2)
          --raw DIRECTORY  keep every round trip (one number of nanoseconds a line) and the load reports (JSON) there
          --soak S         also run 64 guests for so many seconds (to 86,400) and count collections: 600 is what the goal asks for
        """;

    /// <summary>Reads the words.</summary>
    /// <param name="words">Pairs of an option and its value.</param>
    /// <returns>The options; null when a word is wrong.</returns>
    internal static ComparisonOptions? Parse(IReadOnlyList<string> words)
    {
        var options = new ComparisonOptions(string.Empty, 5, 2, null, 0);
        for (int i = 0; i < words.Count; i += 2)
        {
            if (i + 1 == words.Count || options.With(words[i], words[i + 1]) is not { } next)
            {
                return null;
            }

            options = next;
        }

        return options.Yardstick.Length == 0 ? null : options;
    }

    private ComparisonOptions? With(string option, string value)
    {
        bool isNumber = double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        return option switch
        {
            "--yardstick" => this with { Yardstick = value },
            "--raw" => this with { RawDirectory = value },
            "--rounds" when isNumber && number is >= 1 and <= 100 && number % 1 == 0 => this with { Rounds = (int)number },
            "--seconds" when isNumber && number is >= 0.1 and <= 600 => this with { Seconds = number },
            "--soak" when isNumber && number is > 0 and <= 86_400 => this with { SoakSeconds = number },
            _ => null,
        };
    }
}
