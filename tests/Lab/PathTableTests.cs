using PciBackFlow.Tests.Shared;

namespace PciBackFlow.Lab.Tests;

/// <summary>How figures of three backends become a table with verdicts; these run without the lab.</summary>
public sealed class PathTableTests
{
    private static readonly string[] All = [PathTable.Kernel, PathTable.Loop, PathTable.Ours];

    private static readonly string[] Reports =
    [
        "BOOT ready", "SAMPLES kernel read 1 100000 300000", "SAMPLES kernel read 1 200000", "SAMPLES kernel read 2 200000",
        "SAMPLES c read 1 50000", "SAMPLES c read 2 70000", "SAMPLES ours read 1 220000 ", "SAMPLES ours read 2 200000", "CASE A ok",
        "FIGURE kernel listing ms 10", "FIGURE c listing ms 4", "FIGURE ours listing ms 8", "FIGURE ours wakeups /s 2.5",
    ];

    [Theory]
    [InlineData(1.05, "met")]
    [InlineData(1.04, "MISSED")]
    public void The_median_of_the_rounds_ratios_is_judged(double most, string verdict)
    {
        string table = PathTable.Parse(Reports, [new("a read", "read", All, Percentile: 0.5, MostRatio: most)]).ToMarkdown();

        Assert.Contains(
            "| a read | 200 µs (200–200, n=2) | 60 µs (50–70, n=2) | 210 µs (200–220, n=2) | 1.05 × (1.00–1.10) |", table, StringComparison.Ordinal);
        Assert.Contains($" × | {verdict} |", table, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.9, 300)]
    [InlineData(0.5, 200)]
    [InlineData(0, 100)]
    public void A_percentile_is_of_all_samples_of_a_round(double percentile, int microseconds) => Assert.Contains(
        $"| a read | {microseconds} µs (",
        PathTable.Parse(
            [.. Reports.Where(static line => !line.StartsWith("SAMPLES kernel read 2", StringComparison.Ordinal))],
            [new("a read", "read", All, percentile)]).ToMarkdown(),
        StringComparison.Ordinal);

    [Fact]
    public void A_limit_of_ours_is_judged_and_what_has_none_is_said()
    {
        string table = PathTable.Parse(
            Reports, [new("idle", "wakeups", [PathTable.Ours], Most: 1), new("lspci", "listing", All)]).ToMarkdown();

        Assert.Contains("| idle | – | – | 2.5 /s (2.5–2.5, n=1) | – | ≤ 1 | MISSED |", table, StringComparison.Ordinal);
        Assert.Contains("| lspci | 10 ms (10–10, n=1) | 4 ms (4–4, n=1) | 8 ms (8–8, n=1) | 0.80 × (0.80–0.80) |  | said |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backend_without_a_figure_is_named()
    {
        var table = PathTable.Parse(Reports, [new("lspci", "listing", All), new("idle", "wakeups", All), new("load", "load", [PathTable.Ours], MostRatio: 1)]);

        Assert.Equal(["idle: kernel", "idle: c", "load: ours"], table.Missing);
        Assert.Contains("| load | – | – | – | – | ≤ 1.0 × | no figure |", table.ToMarkdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_sample_is_kept_in_its_order()
    {
        using var folder = new TemporaryFolder();
        string samples = folder["samples"];
        Directory.CreateDirectory(samples);
        File.WriteAllText(Path.Combine(samples, "stale.txt"), "1");

        PathTable.Parse(Reports, []).KeepSamples(samples);

        Assert.Equal(["100000", "300000", "200000"], File.ReadAllLines(Path.Combine(samples, "kernel,read,1.txt")));
        Assert.Equal(6, Directory.GetFiles(samples).Length);
    }
}
