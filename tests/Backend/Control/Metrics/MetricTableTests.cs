using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using PciBackFlow.Backend.Control.Metrics;

namespace PciBackFlow.Backend.Tests.Control.Metrics;

/// <summary>The table, and what is made of it: the documentation, the dashboard, the alerts.</summary>
public sealed partial class MetricTableTests
{
    private const string Dashboard = "packaging/grafana/pcibackflow.json";
    private const string Alerts = "packaging/prometheus/alerts.yml";

    [Fact]
    public void Names_are_as_the_ecosystem_writes_them()
    {
        Assert.Equal(MetricTable.All.Count, MetricTable.All.Select(static metric => metric.Name).Distinct().Count());
        Assert.All(MetricTable.All, static metric =>
        {
            Assert.Matches("^(pcibackflow|process)_[a-z_]+$", metric.Name);
            Assert.Equal(metric.Kind == MetricKind.Counter, metric.Name.EndsWith("_total", StringComparison.Ordinal));
            Assert.EndsWith(".", metric.Help, StringComparison.Ordinal);
            Assert.All(metric.Labels, static label => Assert.Matches("^[a-z]+$", label));
        });
    }

    [Fact]
    public void The_documentation_has_exactly_these()
    {
        string[] rows = [.. Read("docs/metrics.md").Split('\n').Where(static line => Row().IsMatch(line))];

        Assert.Equal(
            MetricTable.All.Select(static metric =>
                $"| `{metric.Name}` | {MetricText.NameOf(metric.Kind)} | "
                + $"{(metric.Labels.Count == 0 ? "-" : string.Join(", ", metric.Labels.Select(static label => $"`{label}`")))} | {metric.Help} |"),
            rows);
    }

    [Theory]
    [InlineData(Dashboard)]
    [InlineData(Alerts)]
    [InlineData("docs/metrics.md")]
    public void What_ships_uses_no_other_name(string file)
    {
        HashSet<string> known = [.. MetricTable.All.SelectMany(static metric => metric.Kind == MetricKind.Histogram
            ? new[] { metric.Name, $"{metric.Name}_bucket", $"{metric.Name}_sum", $"{metric.Name}_count" } : [metric.Name])];
        string[] used = [.. Name().Matches(Read(file)).Select(static match => match.Value).Distinct()];

        Assert.True(used.Length > 10);
        Assert.Empty(used.Except(known));
    }

    [Fact]
    public void The_dashboard_is_JSON_whose_panels_have_titles_and_queries_and_do_not_overlap()
    {
        JsonElement[] panels = [.. JsonDocument.Parse(Read(Dashboard)).RootElement.GetProperty("panels").EnumerateArray()];
        HashSet<(int, int)> taken = [];

        Assert.All(panels, panel =>
        {
            Assert.NotEqual("", panel.GetProperty("title").GetString());
            Assert.All(panel.GetProperty("targets").EnumerateArray(), static target => Assert.Matches(Name(), target.GetProperty("expr").GetString()));
            JsonElement place = panel.GetProperty("gridPos");
            for (int x = 0; x < place.GetProperty("w").GetInt32(); x++)
            {
                for (int y = 0; y < place.GetProperty("h").GetInt32(); y++)
                {
                    Assert.True(taken.Add((place.GetProperty("x").GetInt32() + x, place.GetProperty("y").GetInt32() + y)));
                }
            }
        });
        Assert.All(taken, static place => Assert.InRange(place.Item1, 0, 23));
    }

    [Fact]
    public void Promtool_finds_nothing_wrong_with_the_metrics()
    {
        string text = Samples.Text(Samples.Daemon(Samples.Guest(7, "we\"b"), Samples.Guest(8, "db")));

        Assert.Equal((0, ""), Promtool(text, "check", "metrics"));
    }

    [Fact]
    public void Promtool_finds_nothing_wrong_with_the_alerts()
    {
        (int code, string output) = Promtool("", "check", "rules", Path.Combine(Root, Alerts));

        Assert.True(code == 0, output);
        Assert.Contains("rules found", output, StringComparison.Ordinal);
    }

    private static string Root => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", ".."));

    private static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    private static (int Code, string Output) Promtool(string input, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/promtool"), "needs promtool (Debian's package prometheus)");
        using Process process = Process.Start(new ProcessStartInfo("/usr/bin/promtool", arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^\| `(pcibackflow|process)_")]
    private static partial Regex Row();

    // Names of metrics, not of the project's files.
    [GeneratedRegex(@"\b(pcibackflow|process)_[a-z_]+\b")]
    private static partial Regex Name();
}
