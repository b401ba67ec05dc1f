using System.Globalization;
using System.Net;
using System.Text;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Load.Rounds;
using PciBackFlow.Perf.Reports.Plots;

namespace PciBackFlow.Perf.Reports;

/// <summary>A load report as one HTML page that needs nothing besides itself: in light, in dark, on paper and on a narrow screen.</summary>
public static class HtmlReport
{
    /// <summary>Makes the page.</summary>
    /// <param name="report">The report.</param>
    /// <param name="other">Another run to show it beside; null: none.</param>
    /// <returns>A complete HTML document.</returns>
    public static string Format(LoadReport report, ComparedRun? other = null)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append("<title>pcibackflow load</title>\n<style>\n").Append(PageStyle.Css).Append("\n</style>\n</head>\n<body>\n<main>\n");
        AppendHead(html, report);
        AppendCards(html, report);
        AppendPercentiles(html, report, other);
        AppendComparison(html, report, other);
        AppendSection(html, "Histogram", "How many operations took how long.", HistogramPlot.Draw(report.Histogram));
        AppendStages(html, report);
        AppendTimeline(html, report);
        html.Append("<section class=\"facts\">\n<h2>Options and counts</h2>\n");
        AppendFacts(html, Options(report));
        html.Append("</section>\n<section class=\"facts\">\n<h2>Machine</h2>\n");
        AppendFacts(html, Facts(report));
        html.Append("</section>\n</main>\n</body>\n</html>\n");
        return html.ToString();
    }

    private static string Loop(LoadReport report) =>
        report.Rate > 0 ? string.Create(CultureInfo.InvariantCulture, $"open loop at {report.Rate:0.##} op/s") : "closed loop";

    private static void AppendHead(StringBuilder html, LoadReport report)
    {
        string end = report.Interrupted ? ", interrupted" : string.Empty;
        string guests = report.Guests == 1 ? "1 guest" : $"{Number(report.Guests)} guests";
        string shards = report.Shards == 1 ? "1 shard" : $"{Number(report.Shards)} shards";
        html.Append("<header>\n<h1>pcibackflow load</h1>\n");
        Add(html, $"<p class=\"sub\">{guests}, {shards}, {report.Topology}, {report.Mix} of {Text(report.Source)}, {Loop(report)}{end}<br/>");
        Add(html, $"{Text(report.Machine.Cpu)}, {report.Machine.Cores} cores, {Text(report.Machine.Runtime)}</p>\n</header>\n");
    }

    private static void AppendCards(StringBuilder html, LoadReport report)
    {
        html.Append("<div class=\"cards\">\n");
        Card(html, $"{report.OperationsPerSecond:#,0}", "operations per second", false);
        Card(html, $"{DurationText.Format(report.Latency.P50)}", "median latency", false);
        Card(html, $"{DurationText.Format(report.Latency.P999)}", "p99.9", false);
        Card(html, $"{DurationText.Format(report.NetOfStalls.Latency.P999)}", "p99.9 without the machine's stalls", false);
        Card(html, $"{report.Errors:#,0}", "errors", report.Errors != 0);
        Card(html, $"{report.BytesAllocatedPerOperation:0.######}", "bytes allocated per operation", false);
        Card(html, $"{report.ShadowHitRatio * 100:0.0} %", "answered from the shadow", false);
        Card(html, $"{report.WakeupsPerOperation:0.000}", "wake-ups per operation", false);
        if (report.Boot is { } boot)
        {
            Card(html, $"{DurationText.Format(boot.Slowest)}", "slowest guest, first access to interrupts", false);
            Card(html, $"{boot.MissedDeadlineShare * 100:0.###} %", "of the boots missed a deadline", boot.MissedDeadlineShare != 0);
        }

        html.Append("</div>\n");
        if (report.FirstError is not null)
        {
            Add(html, $"<p class=\"bad\">First error: {Text(report.FirstError)}</p>\n");
        }
    }

    private static void Card(StringBuilder html, FormattableString value, string name, bool bad) =>
        Add(html, $"<div class=\"card{(bad ? " bad" : string.Empty)}\"><b>{value.ToString(CultureInfo.InvariantCulture)}</b><span>{name}</span></div>\n");

    private static void AppendPercentiles(StringBuilder html, LoadReport report, ComparedRun? other)
    {
        PlotLine[] lines =
        [
            .. other is null ? (PlotLine[])[] : [new("other", other.Name, other.Report.Spectrum)],
            new("hiccup", "the machine's hiccups", report.HiccupSpectrum),
            new("net", "without the machine's stalls", report.NetOfStalls.SetAside == 0 ? [] : report.NetSpectrum),
            new("run", "latency", report.Spectrum),
        ];
        html.Append("<section>\n<h2>Latency by percentile</h2>\n<p class=\"legend\">");
        foreach (PlotLine line in lines.Reverse().Where(static line => line.Points.Count != 0))
        {
            Add(html, $"<span class=\"key {line.Kind}\">{Text(line.Name)}</span>");
        }

        html.Append("</p>\n").Append(PercentilePlot.Draw(lines, report.Operations));
        var rows = new List<(string, IEnumerable<double>)> { ("latency", Values(report.Latency)), ("without stalls", Values(report.NetOfStalls.Latency)) };
        if (report is { Others: { } others, Neighbours: { } neighbours })
        {
            rows.Add(("guests beside the neighbours", Values(others.Latency)));
            rows.Add(("neighbours", Values(neighbours.Latency)));
        }

        AppendLatencies(html, rows);
        Add(html, $"<p class=\"note\">{Text(TextReport.HiccupLine(report))}</p>\n");
        if (report.Neighbours is not null && report.ExpectedMisses != 0)
        {
            Add(html, $"<p class=\"note\">{report.ExpectedMisses:#,0} misses of theirs were expected.</p>\n");
        }

        html.Append("</section>\n");
    }

    private static IEnumerable<double> Values(LatencySummary latency) => TextReport.Columns(latency).Select(static column => column.Nanoseconds);

    private static void AppendLatencies(StringBuilder html, IEnumerable<(string Name, IEnumerable<double> Values)> rows)
    {
        html.Append("<div class=\"wide\"><table>\n<tr><th></th>");
        foreach ((string name, _) in TextReport.Columns(LatencySummary.None))
        {
            Add(html, $"<th>{name}</th>");
        }

        html.Append("</tr>\n");
        foreach ((string name, IEnumerable<double> values) in rows)
        {
            Add(html, $"<tr><th>{name}</th>");
            foreach (double value in values)
            {
                Add(html, $"<td>{DurationText.Format(value)}</td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</table></div>\n");
    }

    private static void AppendComparison(StringBuilder html, LoadReport report, ComparedRun? other)
    {
        if (other is null)
        {
            return;
        }

        Add(html, $"<section>\n<h2>Beside {Text(other.Name)}</h2>\n");
        foreach (string difference in other.Differences(report))
        {
            Add(html, $"<p class=\"note\">{Text(difference)}</p>\n");
        }

        html.Append("<div class=\"wide\"><table>\n<tr><th></th><th>this run</th><th>the other</th><th>ratio</th></tr>\n");
        foreach (ComparedFigure figure in other.Figures(report))
        {
            Add(html, $"<tr><th>{figure.Name}</th><td>{figure.Own}</td><td>{figure.Other}</td><td>{figure.Ratio}</td></tr>\n");
        }

        html.Append("</table></div>\n</section>\n");
    }

    private static void AppendStages(StringBuilder html, LoadReport report) => AppendSection(
        html, "Stages", "Median time of a request in each stage of the backend; one request in 128 is timed.", StageBars.Draw(report.Stages));

    private static void AppendTimeline(StringBuilder html, LoadReport report)
    {
        int collections = report.Timeline.Sum(static slice => slice.Collections);
        string marks = collections == 0
            ? "The collector did not run."
            : "<span class=\"key collection\">the collector ran</span>";
        AppendSection(
            html, "Timeline", $"<span class=\"key run\">operations</span><span class=\"key hiccup\">the machine's longest hiccup</span>{marks}",
            TimelinePlot.Draw(report.Timeline, report.Seconds));
    }

    private static void AppendSection(StringBuilder html, string title, string legend, string picture)
    {
        if (picture.Length != 0)
        {
            Add(html, $"<section>\n<h2>{title}</h2>\n<p class=\"legend\">{legend}</p>\n{picture}</section>\n");
        }
    }

    private static void AppendFacts(StringBuilder html, IEnumerable<(string Name, string Value)> facts)
    {
        html.Append("<div class=\"wide\"><table class=\"facts\">\n");
        foreach ((string name, string value) in facts)
        {
            Add(html, $"<tr><th>{name}</th><td>{Text(value)}</td></tr>\n");
        }

        html.Append("</table></div>\n");
    }

    private static IEnumerable<(string Name, string Value)> Options(LoadReport report) =>
    [
        ("Guests", Number(report.Guests)),
        ("Frontend", report.Frontend),
        ("Source", report.Source),
        ("Mix", report.Mix),
        ("Neighbours", report.Neighbour is null ? "none" : $"a tenth {report.Neighbour}"),
        .. report.StormSignals == 0 ? ((string, string)[])[] : [("Signals of the storm", Number(report.StormSignals))],
        ("Loop", Loop(report)),
        ("Topology", report.Topology),
        ("Shards", Number(report.Shards)),
        ("Workers", Number(report.Workers)),
        ("Client threads", Number(report.ClientThreads)),
        ("Measured", string.Create(CultureInfo.InvariantCulture, $"{report.Seconds:0.00} s")),
        ("Operations per guest", string.Create(CultureInfo.InvariantCulture, $"{report.PerGuest.Min:#,0} to {report.PerGuest.Max:#,0}")),
        ("Hardware accesses per operation", report.HardwareAccessesPerOperation.ToString("0.000", CultureInfo.InvariantCulture)),
        .. Boots(report.Boot),
        ("Late replies dropped", Number(report.LateRepliesDropped)),
        ("Collections (0/1/2)", string.Join('/', report.GcCollections)),
        ("Stage threads", string.Join("; ", report.StageThreads.Select(stage => $"{stage.Key} {string.Join(' ', stage.Value)}"))),
    ];

    private static IEnumerable<(string Name, string Value)> Boots(BootFigures? boot) => boot is null ? [] :
    [
        ("Boots", Number(boot.Boots)),
        (
            "Boot, first access to interrupts",
            $"p50 {DurationText.Format(boot.P50)}, p99.9 {DurationText.Format(boot.P999)}, slowest {DurationText.Format(boot.Slowest)}"),
    ];

    private static IEnumerable<(string Name, string Value)> Facts(LoadReport report) =>
    [
        ("Processor", report.Machine.Cpu),
        ("Cores", Number(report.Machine.Cores)),
        ("Kernel", report.Machine.Kernel),
        ("Virtualisation", report.Machine.Virtualisation),
        ("Runtime", report.Machine.Runtime),
        (
            "Processors used",
            string.Create(CultureInfo.InvariantCulture, $"{report.Use.Own} by this run, {report.Use.Others} by others, {report.Use.Stolen} stolen")),
        (
            "Hiccups",
            $"p50 {DurationText.Format(report.Hiccups.P50)}, p99 {DurationText.Format(report.Hiccups.P99)}, "
            + $"p99.9 {DurationText.Format(report.Hiccups.P999)}, max {DurationText.Format(report.Hiccups.Max)}"),
    ];

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Text(string value) => WebUtility.HtmlEncode(value);

    private static void Add(StringBuilder html, FormattableString markup) => html.Append(markup.ToString(CultureInfo.InvariantCulture));
}
