using System.Globalization;
using HdrHistogram;
using PciBackFlow.Perf.Figures;

namespace PciBackFlow.Perf.Reports.Plots;

/// <summary>How many operations took how long: four bars to each doubling. Heights are logarithmic, or the tail would be invisible.</summary>
internal static class HistogramPlot
{
    private const int BarsToADoubling = 4;
    private const double Width = 880;
    private const double Height = 300;
    private const double Left = 64;
    private const double Right = 864;
    private const double Top = 14;
    private const double Bottom = 258;

    /// <summary>Draws it.</summary>
    /// <param name="histogram">Nanoseconds.</param>
    internal static string Draw(HistogramBase histogram)
    {
        var counts = new SortedDictionary<int, long>();
        foreach (HdrHistogram.Iteration.HistogramIterationValue step in histogram.RecordedValues())
        {
            int bar = BarOf(step.ValueIteratedTo);
            counts[bar] = counts.GetValueOrDefault(bar) + step.CountAddedInThisIterationStep;
        }

        if (counts.Count == 0)
        {
            return string.Empty;
        }

        int first = counts.Keys.First();
        int last = counts.Keys.Last();
        var x = new LogScale(LowerEnd(first), LowerEnd(last + 1), Left, Right);

        // From a tenth on, so that a single operation has a bar of its own.
        long most = counts.Values.Max();
        double decades = Math.Ceiling(Math.Log10(most + 1.0)) + 1;
        double Y(double count) => Bottom - ((Bottom - Top) * (Math.Log10(count) + 1) / decades);

        var svg = new Svg(Width, Height, "Operations by latency, logarithmic");
        for (double count = 1; count <= Math.Max(most, 1) * 10; count *= 10)
        {
            if (Y(count) >= Top - 1)
            {
                svg.Line("grid", Left, Y(count), Right, Y(count));
                svg.Text(Left - 8, Y(count) + 4, "end", CountText(count));
            }
        }

        foreach (double value in x.Decades)
        {
            svg.Line("grid", x[value], Bottom, x[value], Bottom + 5);
            svg.Text(x[value], Bottom + 20, "middle", DurationText.Round(value));
        }

        foreach ((int bar, long count) in counts)
        {
            double from = x[LowerEnd(bar)];
            double to = x[LowerEnd(bar + 1)];
            string title = $"{DurationText.Format(LowerEnd(bar))} to {DurationText.Format(LowerEnd(bar + 1))}: "
                + count.ToString("#,0", CultureInfo.InvariantCulture);
            svg.Bar("bar", from + 0.5, Y(count), Math.Max(0.5, to - from - 1), Bottom - Y(count), title);
        }

        svg.Line("axis", Left, Bottom, Right, Bottom);
        svg.Text(Right, Bottom + 38, "end", "latency; operations are counted on a logarithmic scale");
        return svg.ToString();
    }

    private static int BarOf(long nanoseconds) => (int)Math.Floor(BarsToADoubling * Math.Log2(Math.Max(1, nanoseconds)));

    private static double LowerEnd(int bar) => Math.Pow(2, bar / (double)BarsToADoubling);

    private static string CountText(double count) => count switch
    {
        >= 1e9 => $"{(count / 1e9).ToString("0", CultureInfo.InvariantCulture)} G",
        >= 1e6 => $"{(count / 1e6).ToString("0", CultureInfo.InvariantCulture)} M",
        >= 1e3 => $"{(count / 1e3).ToString("0", CultureInfo.InvariantCulture)} k",
        _ => count.ToString("0", CultureInfo.InvariantCulture),
    };
}
