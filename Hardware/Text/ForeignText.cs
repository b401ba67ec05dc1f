using System.Text;

namespace PciBackFlow.Hardware.Text;

/// <summary>
/// Text that somebody else wrote (a guest, a toolstack, a client), in a line of the log, an answer or a key: short,
/// and nothing a terminal would act upon.
/// </summary>
public static class ForeignText
{
    /// <summary>Whether a character is printable ASCII, the blank included.</summary>
    /// <param name="character">Any character.</param>
    /// <returns>True for 0x20 to 0x7E.</returns>
    public static bool IsPrintable(char character) => character is >= ' ' and <= '~';

    /// <summary>The printable form of a text: one character for each of the text's.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="limit">How many characters of it are shown, from the first.</param>
    /// <param name="replacement">Stands for what is not printable ASCII.</param>
    /// <returns>At most <paramref name="limit"/> printable characters.</returns>
    public static string Shown(string text, int limit, char replacement = '.')
    {
        StringBuilder shown = new(Math.Min(text.Length, limit));
        for (int i = 0; i < text.Length && i < limit; i++)
        {
            shown.Append(IsPrintable(text[i]) ? text[i] : replacement);
        }

        return shown.ToString();
    }
}
