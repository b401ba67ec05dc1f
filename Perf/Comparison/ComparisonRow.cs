using System.Globalization;

namespace PciBackFlow.Perf.Comparison;

/// <summary>One line of the table.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Yardstick">The C loop's figure; a dash where it has none.</param>
/// <param name="Own">This project's figure.</param>
/// <param name="Result">What is compared with the goal: a ratio, a count.</param>
/// <param name="Goal">The goal in words; empty: none.</param>
/// <param name="Verdict">Whether it is met.</param>
/// <param name="Remark">Why it is not measurable, or what else is to be known; empty: nothing.</param>
internal sealed record ComparisonRow(string Name, string Yardstick, string Own, string Result, string Goal, Verdict Verdict, string Remark = "")
{
    private const string None = "–";

    /// <summary>A ratio of two figures from the same rounds: the median of the rounds' ratios, and their range.</summary>
    /// <param name="name">What was measured.</param>
    /// <param name="format">How a figure is printed.</param>
    /// <param name="yardstick">The C loop's figures, by round.</param>
    /// <param name="own">This project's, by round.</param>
    /// <param name="most">The largest ratio that meets the goal; null: there is no goal.</param>
    internal static ComparisonRow RatioOf(
        string name, Func<double, string> format, IReadOnlyList<double> yardstick, IReadOnlyList<double> own, double? most)
    {
        double[] ratios = [.. own.Zip(yardstick, static (o, y) => o / y).Order()];
        double median = Median(ratios);
        string result = string.Create(CultureInfo.InvariantCulture, $"{median:0.00} × ({ratios[0]:0.00}–{ratios[^1]:0.00})");
        string goal = most is { } limit ? string.Create(CultureInfo.InvariantCulture, $"≤ {limit:0.##} ×") : string.Empty;
        return new(name, format(Median(yardstick)), format(Median(own)), result, goal, Judge(median, most));
    }

    /// <summary>A figure of this project alone against a limit: the median of the rounds, and their range.</summary>
    /// <param name="name">What was measured.</param>
    /// <param name="format">How a figure is printed.</param>
    /// <param name="own">The figures, by round.</param>
    /// <param name="most">The largest that meets the goal; null: there is no goal.</param>
    internal static ComparisonRow FigureOf(string name, Func<double, string> format, IReadOnlyList<double> own, double? most)
    {
        double[] sorted = [.. own.Order()];
        string result = own.Count == 1 ? None : $"{format(sorted[0])} to {format(sorted[^1])}";
        return new(name, None, format(Median(own)), result, most is { } limit ? GoalText(format(limit)) : string.Empty, Judge(Median(own), most));
    }

    /// <summary>What this machine cannot show.</summary>
    /// <param name="name">What would have been measured.</param>
    /// <param name="goal">Its goal.</param>
    /// <param name="why">Why not.</param>
    internal static ComparisonRow NotHere(string name, string goal, string why) => new(name, None, None, None, goal, Verdict.NotMeasurable, why);

    /// <summary>The middle one, or the mean of the two middle ones.</summary>
    /// <param name="values">At least one value.</param>
    internal static double Median(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    // Nothing can be less than nothing.
    private static string GoalText(string most) => most == "0" ? most : $"≤ {most}";

    private static Verdict Judge(double value, double? most) =>
        most is not { } limit ? Verdict.Said : value <= limit ? Verdict.Met : Verdict.Missed;
}
