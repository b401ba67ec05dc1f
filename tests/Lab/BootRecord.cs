using System.Text.RegularExpressions;

namespace PciBackFlow.Lab.Tests;

/// <summary>What one boot left: its log, and what it reported on the second serial port.</summary>
/// <param name="LogPath">The file with every line of both serial ports, each with its second since QEMU's start.</param>
/// <param name="Lines">The same lines.</param>
/// <param name="Reports">The reports alone, without time.</param>
/// <param name="IsProven">Whether dom0 reported the tested program's hash: without that, nothing in the log counts.</param>
/// <param name="Trouble">Why the boot did not reach its end, or null.</param>
internal sealed partial record BootRecord(string LogPath, IReadOnlyList<string> Lines, IReadOnlyList<string> Reports, bool IsProven, string? Trouble)
{
    private const int ExcerptLines = 120;

    /// <summary>The trouble of a boot whose emulator ended with a segmentation fault.</summary>
    public const string EmulatorCrashed = "QEMU itself crashed";

    /// <summary>The trouble of a boot that fell silent before the tested program was started.</summary>
    public const string NeverUp = "dom0 fell silent before it was up";

    public string Text => string.Join('\n', Lines);

    /// <summary>
    /// Whether it says nothing of the tested program: the emulator crashed, its host never came up, or a case failed where a kernel died of flags
    /// that no processor has.
    /// </summary>
    public bool SaysNothing => Trouble is EmulatorCrashed or NeverUp || (HasFailed && Lines.Any(static line => ImpossibleFlags.IsMatch(line)));

    private bool HasFailed => Trouble is not null || Reports.Any(static report => FailedCase.IsMatch(report));

    [GeneratedRegex(@"^CASE \S+ (?!begin$|ok$)")]
    private static partial Regex FailedCase { get; }

    // Bit 22 is the first that means nothing (Intel SDM vol. 1, 3.4.3).
    [GeneratedRegex(@"EFLAGS: 0*([4-9a-f][0-9a-f]{5}|[1-9a-f][0-9a-f]{6,7})( |$)")]
    private static partial Regex ImpossibleFlags { get; }

    /// <summary>Null when the case was reported as held, by a boot of the tested program; else the reason of its failure.</summary>
    public string? VerdictOf(string name)
    {
        string prefix = $"CASE {name} ";
        string[] words = Reports.Where(report => report.StartsWith(prefix, StringComparison.Ordinal)).Select(report => report[prefix.Length..]).ToArray();
        string? end = Array.Find(words, word => word != "begin");
        if (end is not null && IsProven)
        {
            return end == "ok" ? null : end;
        }

        string missing = words.Length == 0 ? "the case never began" : end ?? "the case never reported its end";
        return $"{Trouble ?? (IsProven ? "dom0 went down early" : "dom0 did not report the tested program's SHA-256")}; {missing}";
    }

    /// <summary>The log between the case's begin and its end, or the boot's last lines.</summary>
    public string ExcerptOf(string name)
    {
        int begin = IndexOf($"CASE {name} begin", 0);
        int end = begin < 0 ? -1 : IndexOf($"CASE {name} ", begin + 1);
        IEnumerable<string> part = begin < 0 ? Lines : end < 0 ? Lines.Skip(begin) : Lines.Skip(begin).Take(end - begin + 1);
        return string.Join('\n', part.TakeLast(ExcerptLines));
    }

    private int IndexOf(string report, int from)
    {
        for (int line = from; line < Lines.Count; line++)
        {
            if (Lines[line].Contains(BootLog.ReportMark + report, StringComparison.Ordinal))
            {
                return line;
            }
        }

        return -1;
    }
}
