using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Errors;

/// <summary>
/// A line of the trace event <c>ras:aer_event</c> (include/ras/ras_event.h): <c>… aer_event: 0000:01:00.0 PCIe Bus Error: severity=Uncorrected, non-fatal,
/// Completer Abort, TLP Header={0x…,0x…,0x…,0x…}</c>. Older kernels print no header.
/// </summary>
internal static class ErrorTraceLine
{
    private const string Event = "aer_event: ";
    private const string Middle = " PCIe Bus Error: severity=";
    private const string Header = "TLP Header=";

    private static readonly (string Text, ErrorSeverity Severity)[] Severities =
    [
        ("Corrected", ErrorSeverity.Correctable),
        ("Uncorrected, non-fatal", ErrorSeverity.NonFatal),
        ("Fatal", ErrorSeverity.Fatal),
    ];

    /// <summary>Reads one.</summary>
    /// <param name="line">A line of the trace.</param>
    /// <param name="observation">What it says.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string line, [NotNullWhen(true)] out ErrorObservation? observation)
    {
        observation = null;
        int begin = line.IndexOf(Event, StringComparison.Ordinal);
        int middle = line.IndexOf(Middle, StringComparison.Ordinal);
        if (begin < 0 || middle < begin + Event.Length
            || !PciAddress.TryParse(line.AsSpan(begin + Event.Length, middle - begin - Event.Length), out PciAddress device))
        {
            return false;
        }

        string rest = line[(middle + Middle.Length)..].TrimEnd();
        int kind = Array.FindIndex(Severities, severity => rest.StartsWith(severity.Text, StringComparison.Ordinal));
        if (kind < 0)
        {
            return false;
        }

        ErrorSeverity found = Severities[kind].Severity;
        rest = rest[Severities[kind].Text.Length..].TrimStart(',', ' ');
        TlpHeader? header = null;
        int at = rest.IndexOf(Header, StringComparison.Ordinal);
        if (at >= 0)
        {
            header = HeaderOf(rest[(at + Header.Length)..]);
            rest = rest[..at].TrimEnd(',', ' ');
        }

        bool isCorrectable = found == ErrorSeverity.Correctable;
        observation = new(device, found)
        {
            Bits = [.. rest.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(name => AerBits.FromTrace(name, isCorrectable))],
            Header = header,
            Count = 1,
        };
        return true;
    }

    private static TlpHeader? HeaderOf(string text)
    {
        string[] words = text.Trim('{', '}', ' ').Split(',', StringSplitOptions.TrimEntries);
        Span<uint> values = stackalloc uint[4];
        if (words.Length < values.Length)
        {
            return null;
        }

        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<char> word = words[i].AsSpan();
            if (!uint.TryParse(word.StartsWith("0x") ? word[2..] : word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out values[i]))
            {
                return null;
            }
        }

        return new(values[0], values[1], values[2], values[3]);
    }
}
