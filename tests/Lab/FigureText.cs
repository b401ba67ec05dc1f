using System.Globalization;

namespace PciBackFlow.Lab.Tests;

/// <summary>How tables show rounds of a figure.</summary>
internal static class FigureText
{
    /// <summary>Where there is no figure.</summary>
    public const string None = "–";

    /// <summary>The median, with its range and its number of rounds.</summary>
    /// <param name="sorted">The rounds, smallest first.</param>
    /// <param name="unit">What they are in.</param>
    public static string Cell(double[] sorted, string unit) => sorted.Length == 0
        ? None
        : string.Create(CultureInfo.InvariantCulture, $"{Shown(Median(sorted))} {unit} ({Shown(sorted[0])}–{Shown(sorted[^1])}, n={sorted.Length})");

    /// <summary>The middle one, or the mean of the two middle ones.</summary>
    /// <param name="sorted">At least one, smallest first.</param>
    public static double Median(double[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;

    private static string Shown(double value) => value.ToString(value < 100 ? "0.##" : "#,0", CultureInfo.InvariantCulture);
}
