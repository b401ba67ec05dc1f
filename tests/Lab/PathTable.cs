using System.Globalization;
using System.Text;

namespace PciBackFlow.Lab.Tests;

/// <summary>
/// What dom0 reported of three backends that took turns in one boot: Linux's xen-pciback, the C loop, the daemon; each row beside its goal. Ratios are of
/// rounds of the same boot.
/// </summary>
internal sealed class PathTable
{
    /// <summary>Linux's xen-pciback.</summary>
    public const string Kernel = "kernel";

    /// <summary>Perf/Yardstick/xen.c.</summary>
    public const string Loop = "c";

    /// <summary>The daemon.</summary>
    public const string Ours = "ours";

    // FIGURE SIDE WHAT UNIT VALUE; SAMPLES SIDE WHAT ROUND NANOSECONDS...
    private const string FigureMark = "FIGURE";
    private const string SamplesMark = "SAMPLES";
    private const string SampleUnit = "µs";
    private const double SampleScale = 1000;

    private readonly IReadOnlyList<PathGoal> _goals;
    private readonly ILookup<(string Side, string What), (string Unit, double Value)> _figures;

    private PathTable(
        IReadOnlyList<PathGoal> goals,
        ILookup<(string Side, string What), (string Unit, double Value)> figures,
        IReadOnlyDictionary<(string Side, string What, int Round), double[]> samples) =>
        (_goals, _figures, Samples) = (goals, figures, samples);

    /// <summary>Every sample in nanoseconds, in the order in which it was taken.</summary>
    public IReadOnlyDictionary<(string Side, string What, int Round), double[]> Samples { get; }

    /// <summary>Rows and sides whose figure is not there: a step did not work.</summary>
    public IReadOnlyList<string> Missing =>
        [.. from goal in _goals from side in goal.Sides where Rounds(goal, side).Values.Length == 0 select $"{goal.Name}: {side}"];

    /// <summary>Reads what dom0 reported; other lines are somebody else's.</summary>
    /// <param name="reports">The lines.</param>
    /// <param name="goals">The rows of the table.</param>
    public static PathTable Parse(IReadOnlyList<string> reports, IReadOnlyList<PathGoal> goals)
    {
        string[][] lines = [.. reports.Select(static report => report.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        return new(
            goals,
            lines.Where(static words => words is [FigureMark, _, _, _, _])
                .ToLookup(static words => (words[1], words[2]), static words => (words[3], Number(words[4]))),
            lines.Where(static words => words is [SamplesMark, _, _, _, ..])
                .GroupBy(static words => (words[1], words[2], int.Parse(words[3], CultureInfo.InvariantCulture)))
                .ToDictionary(static round => round.Key, static round => round.SelectMany(static words => words[4..]).Select(Number).ToArray()));
    }

    /// <summary>Medians of the rounds with their ranges, the ratio to the kernel's, the goal and the verdict.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("| | xen-pciback | C loop | pcibackflow | ours to the kernel's | goal | verdict |\n|---|---|---|---|---|---|---|\n");
        foreach (PathGoal goal in _goals)
        {
            (double[] Values, string Unit) kernel = Rounds(goal, Kernel), loop = Rounds(goal, Loop), ours = Rounds(goal, Ours);
            double[] ratios = Ratios(ours.Values, kernel.Values);
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {goal.Name} | {Cell(kernel)} | {Cell(loop)} | {Cell(ours)} | {RatioCell(ratios)} | {goal.Text} | {Verdict(goal, ours.Values, ratios)} |\n");
        }

        return text.ToString();
    }

    /// <summary>Keeps every sample: a file for each side, register and round, one number of nanoseconds a line.</summary>
    /// <param name="folder">The folder; what an earlier run left there goes.</param>
    public void KeepSamples(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        foreach (((string side, string what, int round), double[] values) in Samples)
        {
            File.WriteAllLines(Path.Combine(folder, $"{side},{what},{round}.txt"), values.Select(static value => value.ToString(CultureInfo.InvariantCulture)));
        }
    }

    // A figure of each round, in the rounds' order.
    private (double[] Values, string Unit) Rounds(PathGoal goal, string side)
    {
        if (goal.Percentile is { } percentile)
        {
            return ([.. Samples.Where(round => round.Key.Side == side && round.Key.What == goal.What).OrderBy(static round => round.Key.Round)
                .Select(round => Percentile(round.Value, percentile) / SampleScale)], SampleUnit);
        }

        (string Unit, double Value)[] figures = [.. _figures[(side, goal.What)]];
        return ([.. figures.Select(static figure => figure.Value)], figures.Length == 0 ? string.Empty : figures[0].Unit);
    }

    // Round by round where both sides have had all of them, else of the medians.
    private static double[] Ratios(double[] ours, double[] theirs)
    {
        if (ours.Length == 0 || theirs.Length == 0)
        {
            return [];
        }

        double[] ratios = ours.Length == theirs.Length
            ? [.. ours.Zip(theirs, static (o, t) => o / t).Order()]
            : [FigureText.Median([.. ours.Order()]) / FigureText.Median([.. theirs.Order()])];
        return Array.TrueForAll(ratios, double.IsFinite) ? ratios : [];
    }

    private static string Verdict(PathGoal goal, double[] ours, double[] ratios) => goal switch
    {
        { MostRatio: { } most } => ratios.Length == 0 ? "no figure" : Judge(FigureText.Median(ratios), most),
        { Most: { } most } => ours.Length == 0 ? "no figure" : Judge(FigureText.Median([.. ours.Order()]), most),
        _ => "said",
    };

    private static string Judge(double value, double most) => value <= most ? "met" : "MISSED";

    private static string Cell((double[] Values, string Unit) rounds) => FigureText.Cell([.. rounds.Values.Order()], rounds.Unit);

    private static string RatioCell(double[] ratios) => ratios.Length == 0
        ? FigureText.None
        : string.Create(CultureInfo.InvariantCulture, $"{FigureText.Median(ratios):0.00} × ({ratios[0]:0.00}–{ratios[^1]:0.00})");

    private static double Percentile(double[] values, double percentile)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * percentile))];
    }

    private static double Number(string word) => double.Parse(word, CultureInfo.InvariantCulture);
}
