using System.Globalization;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Perf.Comparison;

namespace PciBackFlow.Perf.Tests.Comparison;

public sealed class ComparisonTests
{
    [Theory]
    [InlineData(1.1, "met")]
    [InlineData(1.0, "MISSED")]
    public void A_ratio_is_the_median_of_the_rounds_ratios(double most, string verdict)
    {
        // Round by round 2.0, 1.05 and 0.5: a machine that was slower in one round was so for both sides.
        var row = ComparisonRow.RatioOf("trip", Plain, [10, 100, 20], [20, 105, 10], most);

        Assert.Equal(("20", "20", "1.05 × (0.50–2.00)"), (row.Yardstick, row.Own, row.Result));
        Assert.Contains($"| {verdict}", ComparisonTable.Format([row]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, Verdict.Met)]
    [InlineData(0.001, Verdict.Missed)]
    public void A_limit_of_nothing_is_missed_by_anything(double bytes, object verdict) =>
        Assert.Equal((Verdict)verdict, ComparisonRow.FigureOf("bytes", Plain, [bytes], 0).Verdict);

    [Theory]
    [InlineData(3, new double[] { 3, 1, 9 })]
    [InlineData(2.5, new double[] { 4, 1, 2, 3 })]
    public void The_median_of_an_even_number_is_between_the_two_in_the_middle(double median, double[] values) =>
        Assert.Equal(median, ComparisonRow.Median(values));

    [Fact]
    public void What_cannot_be_shown_says_why_and_is_no_failure()
    {
        ComparisonRow[] rows =
        [
            ComparisonRow.NotHere("2 shards", "≥ 1.8 ×", "2 threads and one processor"), ComparisonRow.FigureOf("a", Plain, [1], 2),
            ComparisonRow.FigureOf("b", Plain, [3], 2), ComparisonRow.FigureOf("c", Plain, [3, 5], null),
        ];

        string text = ComparisonTable.Format(rows);
        Assert.Contains("not measurable here", text, StringComparison.Ordinal);
        Assert.EndsWith("2 shards: 2 threads and one processor\n", text, StringComparison.Ordinal);
        Assert.Contains("| 3 to 5 ", text, StringComparison.Ordinal);
        Assert.Equal("1 goals met, 1 missed, 1 not measurable here\n", ComparisonTable.Summarise(rows));

        // Aligned: every line of the table is as long as the first.
        string[] lines = [.. text.Split('\n').Where(static line => line.StartsWith('|'))];
        Assert.Equal(rows.Length + 2, lines.Length);
        Assert.Single(lines.Select(static line => line.Length).Distinct());
    }

    [Theory]
    [InlineData("0", 1)]
    [InlineData("0-1", 2)]
    [InlineData("0,4", 2)]
    [InlineData("0-3,8-11", 8)]
    public void A_list_of_processors_is_counted(string list, int count) => Assert.Equal(count, Processors.CountOf(list));

    [Fact]
    public void More_threads_than_processors_cannot_be_shown()
    {
        Assert.Null(Processors.WhyNot(Environment.ProcessorCount));
        Assert.Contains("processors", Processors.WhyNot(Environment.ProcessorCount + 1), StringComparison.Ordinal);
        Assert.NotNull(Processors.WhyNotCores(Environment.ProcessorCount + 1));
    }

    [Fact]
    public void The_words_are_options_with_values()
    {
        var options = ComparisonOptions.Parse(["--yardstick", "/y", "--rounds", "3", "--seconds", "0.5", "--raw", "/r", "--soak", "600"]);

        Assert.Equal(new ComparisonOptions("/y", 3, 0.5, "/r", 600), options);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--rounds 3")]
    [InlineData("--yardstick /y --rounds 0")]
    [InlineData("--yardstick /y --rounds 1.5")]
    [InlineData("--yardstick /y --seconds 0")]
    [InlineData("--yardstick /y --seconds")]
    [InlineData("--yardstick /y --fast 1")]
    public void Other_words_are_none(string words) =>
        Assert.Null(ComparisonOptions.Parse(words.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    /// <summary>Both sides must answer alike, or one of them does less: the table holds what this project's own filter answers.</summary>
    [Fact]
    public void The_yardsticks_table_holds_what_a_guest_reads_here()
    {
        Assert.True(BuiltinCaptures.TryLoad("e1000e", out Capture? capture));
        CapturedFunction function = CapturedFunction.All(capture)[0];

        uint[][] rows =
        [
            .. Yardstick.TableOf(function).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static line => line.Split(' ').Select(static word => uint.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray()),
        ];

        Assert.Equal(1024, rows.Length);
        Assert.True(function.TryRead(0, 4, out uint ids));
        Assert.Equal((ids, uint.MaxValue, 0u), (rows[0][0], rows[0][1], rows[0][2]));

        // Status changes by itself: hardware answers there.
        Assert.NotEqual(uint.MaxValue, rows[1][1]);
        // A base address may be written, in memory.
        Assert.NotEqual(0u, rows[4][1]);
        Assert.Contains(rows, static row => row[2] != 0);
        Assert.All(rows, static row => Assert.Equal(0u, row[2] & ~row[1]));
    }

    private static string Plain(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
