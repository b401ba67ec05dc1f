using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>A daemon's files lie where its own user alone may write; else it does not begin.</summary>
public sealed class RunDirectoryTests : IDisposable
{
    private const UnixFileMode Everybody = (UnixFileMode)0x1FF;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_directory_that_others_may_write_into_is_refused_with_3_and_nothing_is_written()
    {
        Directory.CreateDirectory(_folder["run"]);
        File.SetUnixFileMode(_folder["run"], Everybody);

        CliRun run = Serve();

        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains($"others may write into {_folder["run"]}", run.Errors, StringComparison.Ordinal);
        Assert.Contains($"chmod go-w {_folder["run"]}", run.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder["run"]));
    }

    [Theory]
    [InlineData("pid")]
    [InlineData("lock")]
    [InlineData("grants.journal")]
    [InlineData("control.sock")]
    public void A_link_among_its_files_is_refused_with_3_and_what_it_leads_to_is_left_alone(string name)
    {
        string precious = _folder.Write("precious", "as it was");
        Directory.CreateDirectory(_folder["run"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.CreateSymbolicLink(Path.Combine(_folder["run"], name), precious);

        CliRun run = Serve();

        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains($"{Path.Combine(_folder["run"], name)} is a link", run.Errors, StringComparison.Ordinal);
        Assert.Equal("as it was", File.ReadAllText(precious));
    }

    public void Dispose() => _folder.Dispose();

    private CliRun Serve()
    {
        using CancellationTokenSource stop = new(TimeSpan.FromSeconds(30));
        return CliRun.Of(stop.Token, ["serve", "--platform", "loopback", "--run", _folder["run"], "--state", _folder["state"]]);
    }
}
