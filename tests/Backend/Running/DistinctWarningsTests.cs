using PciBackFlow.Backend.Running;

namespace PciBackFlow.Backend.Tests.Running;

public sealed class DistinctWarningsTests
{
    /// <summary>XSA-43: a guest must not flood the host's log.</summary>
    [Fact]
    public void A_million_repetitions_are_seven_lines()
    {
        CapturedLines lines = new();
        DistinctWarnings warnings = new(lines);
        for (int i = 0; i < 1_000_000; i++)
        {
            warnings.Warn(7, "write to BIST denied");
        }

        Assert.Equal(7, lines.Warnings.Count());
        Assert.Contains("seen 1000000 times", lines.Warnings.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_normal_is_counted_the_same_way_and_warns_nobody()
    {
        CapturedLines lines = new();
        DistinctWarnings warnings = new(lines);
        for (int i = 0; i < 1_000; i++)
        {
            warnings.Inform(7, "write to MSI-X Message Control denied");
        }

        Assert.Empty(lines.Warnings);
        Assert.Equal(4, lines.Texts.Count());
    }

    [Fact]
    public void Subjects_and_guests_are_told_apart_and_subjects_are_bounded()
    {
        CapturedLines lines = new();
        DistinctWarnings warnings = new(lines);
        warnings.Warn(7, "one");
        warnings.Warn(8, "one");
        warnings.Warn(7, "two");
        Assert.Equal(3, lines.Warnings.Count());
        for (int i = 0; i < 100_000; i++)
        {
            warnings.Warn(7, $"subject {i}");
        }

        Assert.InRange(lines.Warnings.Count(), DistinctWarnings.MaxSubjects, DistinctWarnings.MaxSubjects + 10);
    }

    [Fact]
    public void A_forgotten_guest_is_warned_about_afresh()
    {
        CapturedLines lines = new();
        DistinctWarnings warnings = new(lines);
        warnings.Warn(7, "one");
        warnings.Warn(7, "one");
        warnings.Forget(7);
        Assert.Equal(1, warnings.Warn(7, "one"));
        Assert.Equal(2, lines.Warnings.Count());
    }
}
