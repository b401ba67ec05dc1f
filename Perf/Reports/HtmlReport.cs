using System.Globalization;
using System.Net;
using System.Text;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Load.Rounds;

namespace PciBackFlow.Perf.Reports;

/// <summary>A load report as one HTML page that needs nothing besides itself, in light and dark.</summary>
public static class HtmlReport
{
    private const int PictureWidth = 880;
    private const int PictureHeight = 300;
    private const int Left = 104;
    private const int Bottom = 40;
    private const int Top = 12;

    private const string Style = """
        :root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6778; --line: #d7dce4; --page: #ffffff; --card: #f5f7fa; --bar: #2f6fdb; --bad: #c22f2f; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e7eaf0; --soft: #9aa5b5; --line: #343c4a; --page: #14181f; --card: #1c222c; --bar: #6da2ff; --bad: #ff7b72; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; padding: 2rem 1.25rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 60rem; margin: 0 auto; }
        h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; }
        p.sub { color: var(--soft); margin: .2rem 0 1.4rem; }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .7rem; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
        .card b { display: block; font-size: 1.2rem; font-variant-numeric: tabular-nums; } .card span { color: var(--soft); font-size: .85rem; }
        .bad b { color: var(--bad); }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
        th { color: var(--soft); font-weight: 500; }
        table.facts th, table.facts td { text-align: left; white-space: normal; } table.facts th { width: 14rem; }
        svg { display: block; width: 100%; height: auto; } svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
        svg .bar { fill: var(--bar); } svg .axis { stroke: var(--line); }
        """;

    /// <summary>Makes the page.</summary>
    /// <param name="report">The report.</param>
    /// <returns>A complete HTML document.</returns>
    public static string Format(LoadReport report)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append("<title>pcibackflow load</title>\n<style>\n").Append(Style).Append("\n</style>\n</head>\n<body>\n<main>\n");
        html.Append("<h1>pcibackflow load</h1>\n");
        string end = report.Interrupted ? ", interrupted" : string.Empty;
        Add(html, $"<p class=\"sub\">{report.Guests} guests, {report.Topology}, {report.Mix} of {Text(report.Source)}, {Loop(report)}{end}</p>\n");
        AppendCards(html, report);
        html.Append("<h2>Latency</h2>\n");
        AppendLatency(html, report.Latency);
        AppendPicture(html, PowerOfTwoRows.Count(report.Histogram));
        if (report is { Others: { } others, Neighbours: { } neighbours })
        {
            html.Append("<h2>Latency of the guests beside the neighbours</h2>\n");
            AppendLatency(html, others.Latency);
            html.Append("<h2>Latency of the neighbours</h2>\n");
            AppendLatency(html, neighbours.Latency);
            Add(html, $"<p>{report.ExpectedMisses:#,0} misses of theirs were expected.</p>\n");
        }

        html.Append("<h2>Options</h2>\n");
        AppendFacts(html, Options(report));
        html.Append("<h2>Machine</h2>\n");
        AppendFacts(html, Facts(report.Machine));
        html.Append("</main>\n</body>\n</html>\n");
        return html.ToString();
    }

    private static string Loop(LoadReport report) =>
        report.Rate > 0 ? string.Create(CultureInfo.InvariantCulture, $"open loop at {report.Rate:0.##} op/s") : "closed loop";

    private static void AppendCards(StringBuilder html, LoadReport report)
    {
        html.Append("<div class=\"cards\">\n");
        Card(html, $"{report.OperationsPerSecond:#,0}", "operations per second", false);
        Card(html, $"{report.Operations:#,0}", "operations", false);
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
            Add(html, $"<p>First error: {Text(report.FirstError)}</p>\n");
        }
    }

    private static void Card(StringBuilder html, FormattableString value, string name, bool bad) =>
        Add(html, $"<div class=\"card{(bad ? " bad" : string.Empty)}\"><b>{value.ToString(CultureInfo.InvariantCulture)}</b><span>{name}</span></div>\n");

    private static void AppendLatency(StringBuilder html, LatencySummary latency)
    {
        html.Append("<div class=\"wide\"><table>\n<tr>");
        foreach ((string name, _) in TextReport.Columns(latency))
        {
            Add(html, $"<th>{name}</th>");
        }

        html.Append("</tr>\n<tr>");
        foreach ((_, double value) in TextReport.Columns(latency))
        {
            Add(html, $"<td>{DurationText.Format(value)}</td>");
        }

        html.Append("</tr>\n</table></div>\n");
    }

    // One bar for each power of two; heights are logarithmic, or the tail, which matters most, would be invisible.
    private static void AppendPicture(StringBuilder html, IReadOnlyList<long> counts)
    {
        int first = 0;
        int last = counts.Count - 1;
        while (first < last && counts[first] == 0)
        {
            first++;
        }

        while (last > first && counts[last] == 0)
        {
            last--;
        }

        double highest = Math.Max(1, Math.Ceiling(Math.Log10(counts.Max() + 1.0)));
        double height = PictureHeight - Top - Bottom;
        double step = (PictureWidth - Left - 8.0) / (last - first + 1);
        Add(
            html,
            $"<div class=\"wide\"><svg viewBox=\"0 0 {PictureWidth} {PictureHeight}\" role=\"img\" aria-label=\"Histogram of latencies, logarithmic\">\n");
        for (int decade = 0; decade <= (int)highest; decade++)
        {
            double y = Top + (height * (1 - (decade / highest)));
            Add(html, $"<line class=\"axis\" x1=\"{Left}\" y1=\"{y:0.0}\" x2=\"{PictureWidth - 8}\" y2=\"{y:0.0}\"/>");
            Add(html, $"<text x=\"{Left - 8}\" y=\"{y + 4:0.0}\" text-anchor=\"end\">{Math.Pow(10, decade):#,0}</text>\n");
        }

        for (int power = first; power <= last; power++)
        {
            double tall = counts[power] == 0 ? 0 : height * Math.Log10(counts[power] + 1.0) / highest;
            double x = Left + ((power - first) * step);
            Add(html, $"<rect class=\"bar\" x=\"{x + 1.5:0.0}\" y=\"{Top + height - tall:0.0}\" ");
            Add(html, $"width=\"{Math.Max(1, step - 3):0.0}\" height=\"{tall:0.0}\" rx=\"2\">");
            Add(html, $"<title>{DurationText.Format(Math.Pow(2, power))} to {DurationText.Format(Math.Pow(2, power + 1))}: {counts[power]:#,0}</title></rect>");
            Add(html, $"<text x=\"{x:0.0}\" y=\"{PictureHeight - Bottom + 16}\" text-anchor=\"middle\">{PowerOfTwoRows.Size(power)}</text>\n");
        }

        Add(html, $"<text x=\"{PictureWidth - 8}\" y=\"{PictureHeight - 6}\" text-anchor=\"end\">nanoseconds; bar heights are logarithmic</text>\n");
        html.Append("</svg></div>\n");
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

    private static IEnumerable<(string Name, string Value)> Facts(MachineDescription machine) =>
    [
        ("Processor", machine.Cpu),
        ("Cores", Number(machine.Cores)),
        ("Kernel", machine.Kernel),
        ("Virtualisation", machine.Virtualisation),
        ("Runtime", machine.Runtime),
    ];

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Text(string value) => WebUtility.HtmlEncode(value);

    private static void Add(StringBuilder html, FormattableString markup) => html.Append(markup.ToString(CultureInfo.InvariantCulture));
}
