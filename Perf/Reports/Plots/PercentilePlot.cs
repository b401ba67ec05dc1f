using System.Globalization;
using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Perf.Reports.Plots;

/// <summary>
/// Latency by percentile on HdrHistogram's axis: each further nine has the same room, so the tail, which matters most, is as wide as the rest. Values are
/// logarithmic too, because a tail is ten or a thousand medians long.
/// </summary>
internal static class PercentilePlot
{
    private const double Width = 880;
    private const double Height = 380;
    private const double Left = 64;
    private const double Right = 864;
    private const double Top = 14;
    private const double Bottom = 338;

    private static readonly double[] s_marked = [50, 90, 99, 99.9, 99.99];

    /// <summary>Draws it.</summary>
    /// <param name="lines">The lines; those without points are left out.</param>
    /// <param name="count">Values of the longest line: how many nines make sense.</param>
    internal static string Draw(IReadOnlyList<PlotLine> lines, long count)
    {
        PercentilePoint[] all = [.. lines.SelectMany(static line => line.Points)];
        if (all.Length == 0)
        {
            return string.Empty;
        }

        int nines = Math.Clamp((int)Math.Ceiling(Math.Log10(Math.Max(10, count))), 2, 9);
        var y = new LogScale(
            all.Where(static point => point.Nanoseconds > 0).Select(static point => (double)point.Nanoseconds).DefaultIfEmpty(1).Min(),
            all.Max(static point => point.Nanoseconds), Bottom, Top);
        double X(double percentile) =>
            Left + ((Right - Left) * Math.Min(nines, -Math.Log10(Math.Max(Math.Pow(10, -nines), 1 - (percentile / 100)))) / nines);

        var svg = new Svg(Width, Height, "Latency by percentile");
        foreach (double value in y.Decades)
        {
            svg.Line("grid", Left, y[value], Right, y[value]);
            svg.Text(Left - 8, y[value] + 4, "end", DurationText.Round(value));
        }

        foreach ((int nine, double percentile) in Enumerable.Range(0, nines + 1).Select(static nine => (nine, 100 - Math.Pow(10, 2 - nine))).Append((1, 50)))
        {
            svg.Line("grid", X(percentile), Top, X(percentile), Bottom);
            svg.Text(X(percentile), Bottom + 18, nine == nines ? "end" : "middle", PercentileText(percentile));
        }

        svg.Text(Right, Bottom + 36, "end", "percentile");
        foreach (PlotLine line in lines)
        {
            svg.Path($"line {line.Kind}", [.. line.Points.Select(point => (X(point.Percentile), y[point.Nanoseconds]))]);
        }

        foreach (PlotLine line in lines.Where(static line => line.Points.Count != 0))
        {
            foreach (double percentile in s_marked)
            {
                PercentilePoint point = line.Points.FirstOrDefault(point => point.Percentile >= percentile, line.Points[^1]);
                string title = $"{line.Name}: p{percentile.ToString(CultureInfo.InvariantCulture)} {DurationText.Format(point.Nanoseconds)}";
                svg.Dot($"dot {line.Kind}", X(percentile), y[point.Nanoseconds], title);
            }
        }

        return svg.ToString();
    }

    private static string PercentileText(double percentile) => $"{percentile.ToString("0.#######", CultureInfo.InvariantCulture)} %";
}
