using System.Globalization;

namespace PciBackFlow.Pci.Captures;

/// <summary>
/// A region as lspci decodes it: <c>Region 0: Memory at f0000000 (64-bit, prefetchable) [virtual] [size=16M]</c> with <c>-vv</c>, without the number with
/// <c>-v</c>; <c>I/O ports at e000</c>, <c>Expansion ROM at fe000000</c>. <c>[virtual]</c> stands before or behind, by version. What this program writes
/// itself has <c>[fixed]</c> where the kernel says so. Windows behind a bridge are none.
/// </summary>
/// <param name="Index">0–5, 6 for a ROM; null where the line has no number.</param>
/// <param name="Region">What it says.</param>
internal readonly record struct DecodedRegion(int? Index, ReportedRegion Region)
{
    private const string Virtual = "[virtual] ";
    private const string Numbered = "Region ";
    private const string Rom = "Expansion ROM at ";
    private const string Memory = "Memory at ";
    private const string Ports = "I/O ports at ";

    /// <summary>Whether it is I/O ports.</summary>
    public bool IsPorts => Region.Flags is 1;

    /// <summary>Reads a decoded line.</summary>
    /// <param name="line">The line without its indentation.</param>
    /// <param name="decoded">The region.</param>
    /// <returns>Whether the line is a region's.</returns>
    public static bool TryParse(ReadOnlySpan<char> line, out DecodedRegion decoded)
    {
        decoded = default;
        int? index = null;
        line = Without(line, Virtual);
        if (line.StartsWith(Numbered))
        {
            if (line.Length < 10 || line[7] is not (>= '0' and <= '5') || line[8] != ':')
            {
                return false;
            }

            index = line[7] - '0';
            line = Without(line[9..].TrimStart(), Virtual);
        }

        uint? flags = null;
        if (line.StartsWith(Rom))
        {
            index = FunctionRegions.Rom;
            line = line[Rom.Length..];
        }
        else if (line.StartsWith(Memory))
        {
            line = line[Memory.Length..];
            flags = MemoryFlags(line);
        }
        else if (line.StartsWith(Ports))
        {
            line = line[Ports.Length..];
            flags = 1;
        }
        else
        {
            return false;
        }

        // <unassigned> and <ignored>: the system gave it no address.
        ulong? start = TryAddress(line, out ulong address) ? address : line.StartsWith("<") ? 0 : null;
        TrySize(line, out ulong length);
        decoded = new(index, new ReportedRegion(length, start, flags) { IsFixed = line.IndexOf("[fixed]") >= 0 });
        return start is not null || length != 0;
    }

    private static ReadOnlySpan<char> Without(ReadOnlySpan<char> line, string prefix) => line.StartsWith(prefix) ? line[prefix.Length..] : line;

    // The text in parentheses; without it, nothing is said.
    private static uint? MemoryFlags(ReadOnlySpan<char> line)
    {
        int open = line.IndexOf('(');
        int close = open < 0 ? -1 : line[open..].IndexOf(')');
        if (close < 0)
        {
            return null;
        }

        ReadOnlySpan<char> kind = line.Slice(open + 1, close - 1);
        uint type = kind.StartsWith("64-bit") ? 4u : kind.StartsWith("low-1M") ? 2u : kind.StartsWith("type 3") ? 6u : 0;
        return type | (kind.IndexOf("non-prefetchable") < 0 && kind.IndexOf("prefetchable") >= 0 ? 8u : 0);
    }

    private static bool TryAddress(ReadOnlySpan<char> text, out ulong value)
    {
        int end = text.IndexOf(' ');
        return ulong.TryParse(end < 0 ? text : text[..end], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private static bool TrySize(ReadOnlySpan<char> line, out ulong length)
    {
        length = 0;
        int at = line.IndexOf("[size=");
        if (at < 0)
        {
            return false;
        }

        ReadOnlySpan<char> text = line[(at + "[size=".Length)..];
        int end = text.IndexOf(']');
        if (end < 1)
        {
            return false;
        }

        text = text[..end];
        int shift = text[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        if (shift != 0)
        {
            text = text[..^1];
        }

        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong count) || count > ulong.MaxValue >> shift)
        {
            return false;
        }

        length = count << shift;
        return length != 0;
    }
}
