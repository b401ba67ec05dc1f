namespace PciBackFlow.Perf.Comparison;

/// <summary>The table as it is printed, and what the whole of it comes to.</summary>
internal static class ComparisonTable
{
    private static readonly string[] s_head = ["", "C loop", "pcibackflow", "ratio or range", "goal", "verdict"];

    /// <summary>Formats it: a table in Markdown whose columns are aligned, remarks below it.</summary>
    /// <param name="rows">The rows.</param>
    /// <returns>Lines, each ended by a line feed.</returns>
    internal static string Format(IReadOnlyList<ComparisonRow> rows)
    {
        string[][] cells = [s_head, .. rows.Select(static row => (string[])[row.Name, row.Yardstick, row.Own, row.Result, row.Goal, TextOf(row.Verdict)])];
        int[] widths = [.. Enumerable.Range(0, s_head.Length).Select(column => cells.Max(row => row[column].Length))];
        var lines = new List<string>();
        foreach (string[] row in cells)
        {
            lines.Add($"| {string.Join(" | ", row.Select((cell, column) => cell.PadRight(widths[column])))} |");
            if (lines.Count == 1)
            {
                lines.Add($"|{string.Join('|', widths.Select(static width => new string('-', width + 2)))}|");
            }
        }

        lines.AddRange(rows.Where(static row => row.Remark.Length != 0).Select(static row => $"{row.Name}: {row.Remark}"));
        return string.Concat(lines.Select(static line => $"{line}\n"));
    }

    /// <summary>One line: how many goals are met, missed and not measurable.</summary>
    /// <param name="rows">The rows.</param>
    internal static string Summarise(IReadOnlyList<ComparisonRow> rows)
    {
        int Count(Verdict verdict) => rows.Count(row => row.Verdict == verdict);
        return $"{Count(Verdict.Met)} goals met, {Count(Verdict.Missed)} missed, {Count(Verdict.NotMeasurable)} not measurable here\n";
    }

    private static string TextOf(Verdict verdict) => verdict switch
    {
        Verdict.Met => "met",
        Verdict.Missed => "MISSED",
        Verdict.NotMeasurable => "not measurable here",
        _ => "said",
    };
}
