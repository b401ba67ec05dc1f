namespace PciBackFlow.Lab.Tests;

/// <summary>How reported figures become a table; these run without the lab.</summary>
public sealed class FigureTableTests
{
    private static readonly string[] Reports =
    [
        "BOOT ready", "FIGURE alone start ms 90", "FIGURE ours attach_of_one ms 300", "FIGURE ours attach_of_one ms 100", "FIGURE ours attach_of_one ms 200",
        "FIGURE theirs attach_of_one ms 400", "FIGURE theirs attach_of_one ms 1200", "CASE A ok",
    ];

    [Fact]
    public void A_row_has_both_medians_with_their_ranges_and_their_ratio()
    {
        string table = FigureTable.Parse(Reports).ToMarkdown();

        Assert.Contains("| attach of one | 200 ms (100–300, n=3) | 800 ms (400–1,200, n=2) | 0.25 × |", table, StringComparison.Ordinal);
        Assert.Contains("| start | 90 ms (90–90, n=1) | – | – |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_figure_that_one_side_lacks_is_noticed()
    {
        var figures = FigureTable.Parse([.. Reports, "FIGURE theirs detach ms 7"]);

        Assert.Equal(["attach of one"], figures.Compared);
        Assert.Equal(["detach"], figures.OneSided);
    }
}
