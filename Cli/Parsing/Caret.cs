namespace PciBackFlow.Cli.Parsing;

/// <summary>Points at the wrong character of a word the user typed.</summary>
public static class Caret
{
    private const string Indent = "  ";

    /// <summary>The message, the word below it, and a caret below the wrong character.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="word">The word as typed.</param>
    /// <param name="index">Index of the wrong character; the word's length when something is missing at its end.</param>
    /// <returns>Three lines.</returns>
    public static string Under(string message, string word, int index)
    {
        // Control characters would move the caret away from its character (or do worse in a terminal).
        string shown = string.Create(word.Length, word, static (span, text) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                span[i] = char.IsControl(text[i]) ? '?' : text[i];
            }
        });
        return string.Join('\n', message, Indent + shown, Indent + new string(' ', Math.Clamp(index, 0, word.Length)) + "^");
    }
}
