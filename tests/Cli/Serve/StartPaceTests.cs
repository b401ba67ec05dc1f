using PciBackFlow.Cli.Serve;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>Daemons that follow each other: guests wait for the first, and nobody for one that always dies.</summary>
public sealed class StartPaceTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 0)]
    [InlineData(6, 100)]
    [InlineData(7, 200)]
    [InlineData(9, 800)]
    [InlineData(12, 5000)]
    [InlineData(400, 5000)]
    public void It_begins_at_once_until_too_many_began_within_ten_seconds(int starts, int milliseconds) =>
        Assert.Equal(milliseconds, StartPace.DelayOf([.. Enumerable.Repeat(1_000_000L, starts)], 1_000_000).TotalMilliseconds);

    [Fact]
    public void Old_starts_do_not_count() => Assert.Equal(TimeSpan.Zero, StartPace.DelayOf([.. Enumerable.Repeat(1_000_000L, 50)], 1_010_000));

    [Fact]
    public void They_are_noted_in_the_run_directory_and_what_is_not_a_time_is_ignored()
    {
        using TemporaryFolder folder = new();
        using var directory = PrivateDirectory.Claim(folder["run"]);
        File.WriteAllText(folder["run/starts"], "nonsense\n-5\n99999999999999999999\n\n");
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(TimeSpan.Zero, StartPace.Note(directory, 50_000 + i));
        }

        Assert.Equal(100, StartPace.Note(directory, 50_010).TotalMilliseconds);

        // A boot later the clock begins anew.
        Assert.Equal(TimeSpan.Zero, StartPace.Note(directory, 5));
    }
}
