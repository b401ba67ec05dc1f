using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>Words with which nothing can be looked at: of the verbs that look at the running daemon's requests.</summary>
public sealed class RefusedLooksTests
{
    [Theory]
    [InlineData("trace --operation sing", ExitCode.WrongWords, "sing")]
    [InlineData("trace --json --save FILE", ExitCode.WrongWords, "exclude each other")]
    [InlineData("trace --domain nobody", ExitCode.Failed, "nobody")]
    [InlineData("trace --device 00:1g.0", ExitCode.WrongWords, "^")]
    [InlineData("learn", ExitCode.WrongWords, "nothing to learn from")]
    [InlineData("learn --trace a --daemon 00:04.0", ExitCode.WrongWords, "exclude each other")]
    [InlineData("load --mix scan --replay a", ExitCode.WrongWords, "in the place of")]
    [InlineData("profile --daemon --domain 77", ExitCode.Failed, "77")]
    [InlineData("profile --daemon --domain nobody", ExitCode.Failed, "there is no domain 'nobody'")]
    [InlineData("profile --daemon --domain demo1", ExitCode.Failed, "pcibackflow status shows the guests that have one")]
    [InlineData("profile --daemon --seconds 3601", ExitCode.WrongWords, "at most 3600")]
    [InlineData("profile --daemon --seconds 0", ExitCode.WrongWords, "more than 0")]
    [InlineData("profile --daemon --seconds 0.00001", ExitCode.WrongWords, "seconds is a number from 0.001 to 3600")]
    [InlineData("profile --daemon --every 0", ExitCode.WrongWords, "--every takes a whole number from 1")]
    [InlineData("profile --daemon --operations 5000", ExitCode.WrongWords, "--operations and --daemon exclude each other")]
    [InlineData("profile --daemon --builtin nvme", ExitCode.WrongWords, "--builtin and --daemon exclude each other")]
    public void What_cannot_be_is_said_with_the_contracts_exit_code(string line, int code, string reason)
    {
        using var daemon = new RunningDaemon();

        CliRun run = line.StartsWith("load", StringComparison.Ordinal) ? CliRun.OfLine(line) : daemon.Ask(line);

        Assert.Equal(code, run.ExitCode);
        Assert.Contains(reason, run.Errors, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }
}
