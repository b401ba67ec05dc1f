using System.Globalization;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Perf.Reports.Plots;

/// <summary>
/// The window as it went: answers per second above, below the longest latency and the machine's longest hiccup of each slice, and a mark through both for
/// every slice in which the collector ran.
/// </summary>
internal static class TimelinePlot
{
    private const double Width = 880;
    private const double Height = 360;
    private const double Left = 64;
    private const double Right = 864;
    private const double RateTop = 20;
    private const double RateBottom = 130;
    private const double LatencyTop = 164;
    private const double LatencyBottom = 320;
    private const int Ticks = 10;

    /// <summary>Draws it.</summary>
    /// <param name="slices">The slices.</param>
    /// <param name="seconds">The window's length.</param>
    internal static string Draw(IReadOnlyList<TimelineSlice> slices, double seconds)
    {
        if (slices.Count == 0)
        {
            return string.Empty;
        }

        double end = Math.Max(seconds, slices[^1].At);
        double X(double at) => Left + ((Right - Left) * at / end);
        double Middle(int slice) => X((slices[slice].At + (slice + 1 < slices.Count ? slices[slice + 1].At : end)) / 2);
        double mostRate = RoundUp(slices.Max(static slice => slice.OperationsPerSecond));
        double Rate(double rate) => RateBottom - ((RateBottom - RateTop) * rate / mostRate);
        double[] times = [.. slices.SelectMany(static slice => (double[])[slice.MaxNanoseconds, slice.HiccupNanoseconds]).Where(static time => time > 0)];
        var y = new LogScale(times.DefaultIfEmpty(1).Min(), times.DefaultIfEmpty(1).Max(), LatencyBottom, LatencyTop);

        var svg = new Svg(Width, Height, "Answers per second, longest latency and longest hiccup over time, with collections");
        svg.Text(Left, RateTop - 7, "start", "answers per second", "name");
        foreach (double rate in (double[])[0, mostRate / 2, mostRate])
        {
            svg.Line("grid", Left, Rate(rate), Right, Rate(rate));
            svg.Text(Left - 8, Rate(rate) + 4, "end", RateText(rate));
        }

        svg.Text(Left, LatencyTop - 7, "start", "longest latency, longest hiccup", "name");
        foreach (double value in y.Decades)
        {
            svg.Line("grid", Left, y[value], Right, y[value]);
            svg.Text(Left - 8, y[value] + 4, "end", DurationText.Round(value));
        }

        double step = RoundUp(end / Ticks);
        for (double at = 0; at <= end * 1.001; at += step)
        {
            svg.Text(X(at), LatencyBottom + 18, "middle", $"{at.ToString("0.##", CultureInfo.InvariantCulture)} s");
        }

        for (int i = 0; i < slices.Count; i++)
        {
            if (slices[i].Collections != 0)
            {
                string title = $"{slices[i].Collections} collections at {slices[i].At.ToString("0.00", CultureInfo.InvariantCulture)} s";
                svg.Bar("collection", Middle(i) - 1, RateTop, 2, LatencyBottom - RateTop, title);
            }
        }

        svg.Path("line run", [.. slices.Select((slice, i) => (Middle(i), Rate(slice.OperationsPerSecond)))]);
        svg.Path("line hiccup", [.. slices.Select((slice, i) => (Middle(i), y[slice.HiccupNanoseconds]))]);
        svg.Path("line run", [.. slices.Select((slice, i) => (Middle(i), y[slice.MaxNanoseconds]))]);
        return svg.ToString();
    }

    /// <summary>The next number above that is 1, 2 or 5 times a power of ten.</summary>
    private static double RoundUp(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(value, 1e-6))));
        foreach (double factor in (double[])[1, 2, 5])
        {
            if (factor * power >= value * 0.9999)
            {
                return factor * power;
            }
        }

        return 10 * power;
    }

    private static string RateText(double rate) =>
        rate >= 1e6 ? $"{(rate / 1e6).ToString("0.##", CultureInfo.InvariantCulture)} M"
        : rate >= 1e3 ? $"{(rate / 1e3).ToString("0.##", CultureInfo.InvariantCulture)} k"
        : rate.ToString("0.##", CultureInfo.InvariantCulture);
}
