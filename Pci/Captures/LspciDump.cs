namespace PciBackFlow.Pci.Captures;

/// <summary>
/// Reads what <c>lspci -x</c>, <c>-xxx</c> and <c>-xxxx</c> print, with or without <c>-v</c>, <c>-D</c>, <c>-n</c>: a line that
/// begins with an address begins a function, <c>offset: xx xx …</c> is a row of its bytes, a blank line ends it. Of the decoded
/// lines only those of regions and ROMs are taken (<see cref="DecodedRegion"/>); all others are skipped. A dump that was indented or quoted as a whole, as
/// mails and forums do, is read without what stands before each line.
/// </summary>
public static class LspciDump
{
    private const char NoBreakSpace = '\u00A0';

    // Of mails and forums.
    private const string Marks = " \t>|";

    /// <summary>Reads a dump.</summary>
    /// <param name="name">The file's name, for messages.</param>
    /// <param name="text">Its text; lines end in LF or CRLF.</param>
    /// <returns>The functions in the text's order.</returns>
    /// <exception cref="CaptureFormatException">A row or a function is wrong, or there is none.</exception>
    public static IReadOnlyList<CapturedConfig> Parse(string name, string text)
    {
        text = text.Replace(NoBreakSpace, ' ');
        string before = FindIndentation(text);
        var functions = new List<CapturedConfig>();
        var addresses = new HashSet<PciAddress>();
        DumpedFunction? current = null;
        int number = 0;
        foreach (ReadOnlySpan<char> raw in text.AsSpan().EnumerateLines())
        {
            number++;
            ReadOnlySpan<char> line = Without(raw, before).TrimEnd();
            if (line.IsEmpty)
            {
                Finish();
            }
            else if (char.IsWhiteSpace(line[0]))
            {
                current?.TakeDecoded(line.TrimStart());
            }
            else if (IsRow(line, out int colon))
            {
                if (current is null)
                {
                    throw new CaptureFormatException(name, number, "a row of bytes without a function before it");
                }

                current.TakeRow(number, line[..colon], line[(colon + 1)..]);
            }
            else if (TryHeader(line, out PciAddress address, out string? description))
            {
                Finish();
                if (!addresses.Add(address))
                {
                    throw new CaptureFormatException(name, number, $"{address} appears twice");
                }

                current = new DumpedFunction(name, number, address, description);
            }
            else
            {
                // Where the indentation was lost.
                current?.TakeDecoded(line);
            }
        }

        Finish();
        if (functions.Count == 0)
        {
            throw new CaptureFormatException(name, 0, "no function found: neither an lspci -x dump nor a binary configuration space");
        }

        return functions;

        void Finish()
        {
            if (current is not null)
            {
                functions.Add(current.Finish());
            }

            current = null;
        }
    }

    // What stands before the first line that begins a function, when none begins at its line's beginning.
    private static string FindIndentation(string text)
    {
        string found = string.Empty;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> inside = line.TrimStart(Marks);
            if (inside.IsEmpty || IsRow(inside, out _) || !TryHeader(inside, out _, out _))
            {
                continue;
            }

            if (inside.Length == line.Length)
            {
                return string.Empty;
            }

            found = found.Length == 0 ? line[..^inside.Length].ToString() : found;
        }

        return found;
    }

    // A quoted empty line has lost the space behind its mark.
    private static ReadOnlySpan<char> Without(ReadOnlySpan<char> line, string before) =>
        line.StartsWith(before) ? line[before.Length..] : line.TrimEnd().SequenceEqual(before.AsSpan().TrimEnd()) ? default : line;

    // A row is told from an address by what follows the colon: a space, or nothing.
    private static bool IsRow(ReadOnlySpan<char> line, out int colon)
    {
        colon = line.IndexOf(':');
        if (colon is < 2 or > 8 || (colon + 1 < line.Length && !char.IsWhiteSpace(line[colon + 1])))
        {
            return false;
        }

        foreach (char c in line[..colon])
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryHeader(ReadOnlySpan<char> line, out PciAddress address, out string description)
    {
        int space = line.IndexOfAny(' ', '\t');
        ReadOnlySpan<char> token = space < 0 ? line : line[..space];
        description = space < 0 ? string.Empty : line[(space + 1)..].Trim().ToString();
        return PciAddress.TryParse(token, out address);
    }
}
