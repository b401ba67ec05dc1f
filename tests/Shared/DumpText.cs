using System.Globalization;
using System.Text;

namespace PciBackFlow.Tests.Shared;

/// <summary>Writes dumps as lspci prints them.</summary>
internal static class DumpText
{
    /// <summary>One function.</summary>
    /// <param name="head">The first line: address and text.</param>
    /// <param name="decoded">The decoded lines, separated by <c>|</c>; each gets a tab.</param>
    /// <param name="bytes">Where bytes lie: <c>00=86801533 34=40</c>; all others are 0.</param>
    /// <param name="length">How many bytes.</param>
    public static string Of(string head, string decoded, string bytes, int length = 256)
    {
        byte[] space = new byte[length];
        foreach (string part in bytes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = part.Split('=');
            Convert.FromHexString(sides[1]).CopyTo(space, int.Parse(sides[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        }

        StringBuilder text = new StringBuilder(head).Append('\n');
        foreach (string line in decoded.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append('\t').Append(line).Append('\n');
        }

        for (int row = 0; row < length; row += 16)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row:x2}:");
            foreach (byte one in space.AsSpan(row, Math.Min(16, length - row)))
            {
                text.Append(CultureInfo.InvariantCulture, $" {one:x2}");
            }

            text.Append('\n');
        }

        return text.Append('\n').ToString();
    }
}
