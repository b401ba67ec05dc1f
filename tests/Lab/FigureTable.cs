using System.Globalization;
using System.Text;

namespace PciBackFlow.Lab.Tests;

/// <summary>Figures that dom0 reported, side by side: the daemon's, the kernel backend's, and the ratio of their medians.</summary>
internal sealed class FigureTable
{
    private const string Mark = "FIGURE";
    private const string Ours = "ours";
    private const string Theirs = "theirs";

    // What only the daemon can have a figure of.
    private const string Alone = "alone";

    private readonly Row[] _rows;

    private FigureTable(Row[] rows) => _rows = rows;

    /// <summary>What both sides have figures of.</summary>
    public IReadOnlyList<string> Compared => [.. _rows.Where(row => row is { Ours.Length: > 0, Theirs.Length: > 0 }).Select(row => row.What)];

    /// <summary>What one of the two sides lacks: a step did not work.</summary>
    public IReadOnlyList<string> OneSided => [.. _rows.Where(row => !row.IsAlone && (row.Ours.Length == 0 || row.Theirs.Length == 0)).Select(row => row.What)];

    /// <summary>Reads lines <c>FIGURE ours|theirs|alone WHAT UNIT VALUE</c>, with underscores for blanks in WHAT; other lines are somebody else's.</summary>
    public static FigureTable Parse(IReadOnlyList<string> reports)
    {
        IEnumerable<(string Side, string What, string Unit, double Value)> figures = reports
            .Select(report => report.Split(' '))
            .Where(words => words is [Mark, Ours or Theirs or Alone, _, _, _])
            .Select(words => (Side: words[1], What: words[2].Replace('_', ' '), Unit: words[3], Value: double.Parse(words[4], CultureInfo.InvariantCulture)));
        return new([.. figures.GroupBy(figure => (figure.What, figure.Unit)).Select(row => new Row(
            row.Key.What,
            row.Key.Unit,
            [.. row.Where(figure => figure.Side != Theirs).Select(figure => figure.Value).Order()],
            [.. row.Where(figure => figure.Side == Theirs).Select(figure => figure.Value).Order()],
            row.All(figure => figure.Side == Alone)))]);
    }

    /// <summary>Medians, each with its range and its number of rounds, in the order in which they were reported.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("| | pcibackflow | xen-pciback | ratio |\n|---|---|---|---|\n");
        foreach (Row row in _rows)
        {
            string ratio = row.Ours.Length > 0 && row.Theirs.Length > 0 && FigureText.Median(row.Theirs) > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{FigureText.Median(row.Ours) / FigureText.Median(row.Theirs):F2} ×")
                : FigureText.None;
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {row.What} | {FigureText.Cell(row.Ours, row.Unit)} | {FigureText.Cell(row.Theirs, row.Unit)} | {ratio} |\n");
        }

        return text.ToString();
    }

    private sealed record Row(string What, string Unit, double[] Ours, double[] Theirs, bool IsAlone);
}
