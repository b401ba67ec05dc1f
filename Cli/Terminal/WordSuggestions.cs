using System.CommandLine;

namespace PciBackFlow.Cli.Terminal;

/// <summary>What a mistyped verb or option may have meant.</summary>
internal static class WordSuggestions
{
    private const int MaxDistance = 2;

    /// <summary>The closest known words for each word that was not understood.</summary>
    public static IEnumerable<string> For(ParseResult parsed)
    {
        string[] known = parsed.CommandResult.Command.Subcommands.Where(command => !command.Hidden).Select(command => command.Name)
            .Concat(parsed.CommandResult.Command.Options.Where(option => !option.Hidden).Select(option => option.Name))
            .ToArray();
        foreach (string word in parsed.UnmatchedTokens)
        {
            if (Closest(word, known) is { } best)
            {
                yield return best;
            }
        }
    }

    /// <summary>The known word that a mistyped one is closest to, or null when none is close.</summary>
    public static string? Closest(string word, IEnumerable<string> known) => known
        .Select(candidate => (candidate, distance: Distance(word, candidate)))
        .Where(pair => pair.distance <= MaxDistance && pair.distance < word.Length)
        .OrderBy(pair => pair.distance)
        .FirstOrDefault().candidate;

    // Levenshtein: insertions, deletions and replacements, each 1.
    private static int Distance(string left, string right)
    {
        int[] row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
