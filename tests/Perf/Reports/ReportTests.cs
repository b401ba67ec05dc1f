using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using HdrHistogram;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Hiccups;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Load.Rounds;
using PciBackFlow.Perf.Profiling;
using PciBackFlow.Perf.Reports;

namespace PciBackFlow.Perf.Tests.Reports;

public sealed class ReportTests
{
    [Fact]
    public void Load_json_has_the_contracts_names()
    {
        using var json = JsonDocument.Parse(PerfJson.Format(Report(Histogram(1000, 2000, 3000))));
        JsonElement root = json.RootElement;
        foreach (string name in (string[])
            [
                "guests", "shards", "topology", "mix", "seconds", "operations", "operations_per_second", "errors", "late_replies_dropped",
                "latency_ns", "per_guest", "bytes_allocated_per_operation", "gc_collections", "hardware_accesses_per_operation",
                "shadow_hit_ratio", "wakeups_per_operation", "stage_threads",
            ])
        {
            Assert.True(root.TryGetProperty(name, out _), name);
        }

        Assert.Equal(["p50", "p90", "p99", "p99_9", "p99_99", "max", "mean"], root.GetProperty("latency_ns").EnumerateObject().Select(p => p.Name));
        Assert.Equal(["min_operations", "max_operations"], root.GetProperty("per_guest").EnumerateObject().Select(p => p.Name));
        Assert.Equal([0, 0, 0], root.GetProperty("gc_collections").EnumerateArray().Select(e => e.GetInt32()));
        Assert.Equal([4, 5], root.GetProperty("stage_threads").GetProperty("execute").EnumerateArray().Select(e => e.GetInt32()));
        Assert.InRange(root.GetProperty("latency_ns").GetProperty("p50").GetInt64(), 2000, 2002);
        Assert.False(root.TryGetProperty("Histogram", out _));
    }

    [Fact]
    public void Profile_json_has_the_contracts_names()
    {
        var report = new ProfileReport
        {
            Topology = "fused",
            Operations = 10,
            Sampled = 1,
            Stages = [new StageProfile("ingest", 5, 9)],
            Total = new StageProfile("total", 50, 90),
            RoundTrip = LatencySummary.From(Histogram(1000)),
            BytesAllocatedPerOperation = 0,
            ConfigAccessNanoseconds = 12.5,
            Source = "test",
            Machine = MachineDescription.Describe(),
        };
        using var json = JsonDocument.Parse(PerfJson.Format(report));
        JsonElement root = json.RootElement;
        Assert.Equal("ingest", root.GetProperty("stages")[0].GetProperty("name").GetString());
        Assert.Equal(5, root.GetProperty("stages")[0].GetProperty("p50_ns").GetInt64());
        Assert.Equal(90, root.GetProperty("total").GetProperty("p99_ns").GetInt64());
        Assert.Equal(0, root.GetProperty("bytes_allocated_per_operation").GetDouble());
        Assert.Equal(12.5, root.GetProperty("config_access_ns").GetDouble());
    }

    [Fact]
    public void The_percentile_file_reads_back()
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        PercentileFile.Write(Histogram([.. Enumerable.Range(1, 1000).Select(i => i * 1000L)]), writer);
        string[] lines = writer.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["Value", "Percentile", "TotalCount", "1/(1-Percentile)"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        double[][] rows = [.. lines.Skip(1).TakeWhile(line => !line.StartsWith('#')).Select(Row)];
        Assert.True(rows.Length > 10);
        Assert.All(rows.Zip(rows.Skip(1)), pair => Assert.True(pair.First[0] <= pair.Second[0] && pair.First[1] <= pair.Second[1]));
        Assert.Equal(1000, rows[^1][2]);
        Assert.InRange(rows[^1][0], 999, 1001);
        Assert.Contains(lines, line => line.StartsWith("#[Max", StringComparison.Ordinal));

        static double[] Row(string line) =>
            [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(3).Select(cell => double.Parse(cell, CultureInfo.InvariantCulture))];
    }

    [Fact]
    public void Histogram_rows_are_bpftraces()
    {
        long[] counts = new long[64];
        counts[13] = 120;
        counts[15] = 60;
        string[] rows = PowerOfTwoRows.Format(counts).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("[8K, 16K)              120 |" + new string('@', 52) + "|", rows[0]);
        Assert.Equal("[16K, 32K)               0 |" + new string(' ', 52) + "|", rows[1]);
        Assert.Equal("[32K, 64K)              60 |" + new string('@', 26) + new string(' ', 26) + "|", rows[2]);
        Assert.Equal(3, rows.Length);
    }

    [Fact]
    public void Histogram_rows_count_every_value_in_its_power_of_two()
    {
        IReadOnlyList<long> counts = PowerOfTwoRows.Count(Histogram(1, 1023, 1024, 2047, 2048, 5_000_000));
        Assert.Equal(1, counts[0]);
        Assert.Equal(1, counts[9]);
        Assert.Equal(2, counts[10]);
        Assert.Equal(1, counts[11]);
        Assert.Equal(1, counts[22]);
        Assert.Equal(6, counts.Sum());
    }

    [Theory]
    [InlineData(0, "0 ns")]
    [InlineData(870, "870 ns")]
    [InlineData(1_234, "1.23 µs")]
    [InlineData(12_345, "12.3 µs")]
    [InlineData(1_020_000, "1.02 ms")]
    [InlineData(2_000_000_000, "2.00 s")]
    public void Durations_have_three_digits_and_a_unit(double nanoseconds, string text) => Assert.Equal(text, DurationText.Format(nanoseconds));

    [Fact]
    public void The_page_is_well_formed_shows_figures_and_machine_and_loads_nothing()
    {
        LoadReport report = Report(Histogram(1000, 2000, 3_000_000)) with { Source = "<dump> & more", Errors = 2, FirstError = "guest 1: a < b" };
        string html = HtmlReport.Format(report);

        Assert.DoesNotContain("http", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("src=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("prefers-color-scheme: dark", html, StringComparison.Ordinal);
        Assert.Contains("&lt;dump&gt; &amp; more", html, StringComparison.Ordinal);
        Assert.Contains(report.Machine.Kernel.Replace("#", "&#35;", StringComparison.Ordinal)[..5], html, StringComparison.Ordinal);
        string body = html[html.IndexOf("<body>", StringComparison.Ordinal)..html.IndexOf("</html>", StringComparison.Ordinal)];
        var document = XDocument.Parse(body);
        // Percentiles, histogram, stages, timeline.
        Assert.Equal(4, document.Descendants("svg").Count());
        // One bar for each of the three latencies, one for each of the two stages, one mark for the slice with a collection.
        Assert.Equal(6, document.Descendants("rect").Count());
        Assert.Contains("latency: p99.9 3.00 ms", document.Descendants("circle").Select(dot => dot.Value));
        Assert.Contains("1 collections at 0.05 s", document.Descendants("rect").Select(bar => bar.Value));
    }

    [Fact]
    public void A_report_reads_back_from_its_json_and_is_compared_figure_by_figure()
    {
        string file = Path.GetTempFileName();
        try
        {
            LoadReport before = Report(Histogram(1000, 2000, 3000));
            File.WriteAllText(file, PerfJson.Format(before));
            var other = ComparedRun.Read(file);
            LoadReport now = Report(Histogram(2000, 4000, 6000)) with { Topology = "queued", Shards = 2 };

            Assert.Equal(PerfJson.Format(before), PerfJson.Format(other.Report));
            string text = TextReport.Format(now, other);
            Assert.Contains("Different topology: queued, the other fused.", text, StringComparison.Ordinal);
            Assert.Contains("Different shards: 2, the other 1.", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Different guests", text, StringComparison.Ordinal);
            Assert.Matches(@"p50 +4\.00 µs +2\.00 µs +2\.00 ×", text);
            Assert.Matches(@"errors +0 +0 +–", text);
            string html = HtmlReport.Format(now, other);
            Assert.Contains($"<h2>Beside {Path.GetFileName(file)}</h2>", html, StringComparison.Ordinal);
            Assert.Contains("<th>p50</th><td>4.00 µs</td><td>2.00 µs</td><td>2.00 ×</td>", html, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void The_machines_hiccups_stand_beside_the_latencies_in_text_page_and_JSON()
    {
        LoadReport report = Report(Histogram(1000, 2000, 3_000_000));

        string text = TextReport.Format(report);
        Assert.Matches(@"hiccups +60\.0 µs +90\.0 µs +1\.20 ms +3\.40 ms", text);
        Assert.Contains("The machine stalled 3 times for 500 µs or longer, 5.10 ms in all; 1 operations that touched a stall are set aside.", text,
            StringComparison.Ordinal);
        Assert.Contains("1.93 by this run, 0.31 by others, 0.02 stolen", text, StringComparison.Ordinal);
        string html = HtmlReport.Format(report);
        Assert.Contains("class=\"line hiccup\"", html, StringComparison.Ordinal);
        Assert.Contains("5.10 ms in all", html, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(PerfJson.Format(report));
        Assert.Equal(["p50", "p99", "p99_9", "max"], json.RootElement.GetProperty("hiccup_ns").EnumerateObject().Select(p => p.Name));
        Assert.Equal(3_400_000, json.RootElement.GetProperty("hiccup_ns").GetProperty("max").GetInt64());
        Assert.Equal(1, json.RootElement.GetProperty("net_of_stalls").GetProperty("set_aside").GetInt64());
    }

    [Fact]
    public void A_page_of_a_run_without_an_answer_has_no_empty_pictures()
    {
        LoadReport report = Report(Histogram()) with { Stages = [], Timeline = [], HiccupSpectrum = [] };

        Assert.DoesNotContain("<svg", HtmlReport.Format(report), StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_names_the_first_error_and_the_interruption()
    {
        string text = TextReport.Format(Report(Histogram(1000)) with { Errors = 1, FirstError = "guest 7: read 4 at 0x010", Interrupted = true });
        Assert.Contains("guest 7: read 4 at 0x010", text, StringComparison.Ordinal);
        Assert.Contains("(interrupted)", text, StringComparison.Ordinal);
        Assert.Contains("p99.99", text, StringComparison.Ordinal);
        Assert.Contains("[512, 1K)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_boot_storm_is_reported_in_text_page_and_JSON_and_only_that()
    {
        LoadReport report = Report(Histogram(1000)) with
        {
            Mix = "boot",
            Neighbour = "slow=5ms",
            Workers = 7,
            Boot = new BootFigures(3_000, 80_000_000, 240_000_000, 250_000_000, 0.0125),
        };

        string text = TextReport.Format(report);
        Assert.Contains("3,000 with 7 workers; slowest guest 250 ms from first access to interrupts", text, StringComparison.Ordinal);
        Assert.Contains("p50 80.0 ms, p99.9 240 ms", text, StringComparison.Ordinal);
        Assert.Contains("missed a deadline   1.25 % of the boots", text, StringComparison.Ordinal);
        Assert.Contains("a tenth slow=5ms", text, StringComparison.Ordinal);
        string html = HtmlReport.Format(report);
        Assert.Contains("<b>250 ms</b><span>slowest guest, first access to interrupts</span>", html, StringComparison.Ordinal);
        Assert.Contains("<div class=\"card bad\"><b>1.25 %</b><span>of the boots missed a deadline</span>", html, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(PerfJson.Format(report));
        JsonElement boot = json.RootElement.GetProperty("boot");
        Assert.Equal(["boots", "p50_ns", "p99_9_ns", "slowest_guest_ns", "missed_deadline_share"], boot.EnumerateObject().Select(p => p.Name));
        Assert.Equal(250_000_000, boot.GetProperty("slowest_guest_ns").GetInt64());
        Assert.Equal("slow=5ms", json.RootElement.GetProperty("neighbour").GetString());

        Assert.DoesNotContain("boots", TextReport.Format(Report(Histogram(1000))), StringComparison.Ordinal);
        Assert.DoesNotContain("boots", HtmlReport.Format(Report(Histogram(1000))), StringComparison.Ordinal);
    }

    [Fact]
    public void Neighbours_and_the_guests_beside_them_are_reported_apart_in_text_page_and_JSON()
    {
        LoadReport report = Report(Histogram(1000)) with
        {
            Neighbour = "hang=5000ms",
            ExpectedMisses = 1_234,
            Others = new GroupFigures(18, 50_000, LatencySummary.From(Histogram(12_000))),
            Neighbours = new GroupFigures(2, 40, LatencySummary.From(Histogram(500_000_000))),
        };

        string text = TextReport.Format(report);
        Assert.Contains("others              18 guests, 50,000 operations; p50 12.0 µs, p99 12.0 µs", text, StringComparison.Ordinal);
        Assert.Contains("neighbours          2 guests, 40 operations; p50 500 ms", text, StringComparison.Ordinal);
        Assert.Contains("1,234 misses of theirs, expected", text, StringComparison.Ordinal);
        Assert.Contains("1,234 misses of theirs were expected", HtmlReport.Format(report), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(PerfJson.Format(report));
        Assert.Equal(1_234, json.RootElement.GetProperty("expected_misses").GetInt64());
        Assert.Equal(["guests", "operations", "latency_ns"], json.RootElement.GetProperty("others").EnumerateObject().Select(p => p.Name));
        Assert.InRange(json.RootElement.GetProperty("others").GetProperty("latency_ns").GetProperty("p99").GetInt64(), 12_000, 12_010);
        Assert.Equal(2, json.RootElement.GetProperty("neighbours").GetProperty("guests").GetInt32());

        Assert.DoesNotContain("neighbours", TextReport.Format(Report(Histogram(1000))), StringComparison.Ordinal);
        Assert.DoesNotContain("beside", HtmlReport.Format(Report(Histogram(1000))), StringComparison.Ordinal);
    }

    [Fact]
    public void The_live_line_fits_its_buffer_and_allocates_nothing()
    {
        var progress = new LoadProgress(LoadPhase.Measure, 86_400, 32_000, long.MaxValue / 2, 1e9, LongestNanoseconds, 1_000_000);
        Span<byte> buffer = stackalloc byte[ProgressLine.MaxBytes];
        Assert.InRange(ProgressLine.Format(in progress, 32_000, buffer), 20, ProgressLine.MaxBytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            ProgressLine.Format(in progress, 32_000, buffer);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_machine_is_described()
    {
        var machine = MachineDescription.Describe();
        Assert.NotEmpty(machine.Cpu);
        Assert.Equal(Environment.ProcessorCount, machine.Cores);
        Assert.NotEmpty(machine.Kernel);
        Assert.NotEmpty(machine.Virtualisation);
        Assert.StartsWith(".NET", machine.Runtime, StringComparison.Ordinal);
    }

    private const long LongestNanoseconds = 60_000_000_000;

    private static LongHistogram Histogram(params long[] values)
    {
        var histogram = new LongHistogram(1, LongestNanoseconds, 3);
        foreach (long value in values)
        {
            histogram.RecordValue(value);
        }

        return histogram;
    }

    private static LoadReport Report(LongHistogram histogram) => new()
    {
        Guests = 2,
        Shards = 1,
        Topology = "fused",
        Mix = "scan",
        Source = "test",
        Frontend = "linux",
        Rate = 0,
        Workers = 4,
        ClientThreads = 1,
        Seconds = 1.5,
        Operations = histogram.TotalCount,
        OperationsPerSecond = histogram.TotalCount / 1.5,
        Errors = 0,
        WireErrors = 0,
        TimeOuts = 0,
        WrongData = 0,
        LateRepliesDropped = 0,
        Latency = LatencySummary.From(histogram),
        Hiccups = new HiccupSummary(60_000, 90_000, 1_200_000, 3_400_000),
        NetOfStalls = new NetOfStalls(500_000, true, 3, 5_100_000, 1, LatencySummary.From(histogram)),
        Use = new MachineUse(1.93, 0.31, 0.02),
        Stages = [new StageProfile("ingest", 20, 90), new StageProfile("total", 200, 900)],
        Timeline = [new TimelineSlice(0, 1000, 3_000, 60_000, 0), new TimelineSlice(0.05, 900, 5_000, 3_400_000, 1)],
        Spectrum = PercentilePoint.SpectrumOf(histogram),
        HiccupSpectrum = [new PercentilePoint(50, 60_000), new PercentilePoint(100, 3_400_000)],
        PerGuest = new PerGuestOperations(1, 2),
        BytesAllocatedPerOperation = 0,
        GcCollections = [0, 0, 0],
        HardwareAccessesPerOperation = 0.25,
        ShadowHitRatio = 0.75,
        WakeupsPerOperation = 0.5,
        StageThreads = new Dictionary<string, IReadOnlyList<int>> { ["ingest"] = [4], ["execute"] = [4, 5] },
        Machine = MachineDescription.Describe(),
        Histogram = histogram,
    };
}
