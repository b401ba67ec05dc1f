using System.Net.Sockets;
using System.Text.Json;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>Where the time of the running daemon's requests goes, over the machine in memory: its guests do what drivers do at their start.</summary>
public sealed class ProfileTests
{
    private static readonly string[] s_stages = ["ingest", "decode", "filter", "execute", "respond", "notify", "handover"];

    [Fact]
    public async Task A_guests_requests_are_profiled_until_the_reader_has_seen_enough()
    {
        using var folder = new TemporaryFolder();
        using var daemon = new RunningDaemon();
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
        string file = folder["requests.hgrm"];

        JsonElement json = (await While(
            daemon, ["--domain", "demo1", "--every", "1", "--seconds", "600", "--json", "--hgrm", file],
            () => daemon.Ask("pci-attach demo1 00:08.0").Succeeded()))
            .Succeeded().Json();

        Assert.Equal(s_stages, json.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("name").GetString()));
        long operations = json.GetProperty("operations").GetInt64();
        Assert.True(operations > 10, $"{operations} requests");
        Assert.Equal(operations, json.GetProperty("sampled").GetInt64());
        long median = json.GetProperty("total").GetProperty("p50_ns").GetInt64();
        Assert.InRange(median, 1, json.GetProperty("total").GetProperty("p99_ns").GetInt64());
        Assert.Equal("total", json.GetProperty("total").GetProperty("name").GetString());
        Assert.Equal("fused", json.GetProperty("topology").GetString());
        Assert.True(json.TryGetProperty("bytes_allocated_per_operation", out _));
        Assert.True(json.TryGetProperty("config_access_ns", out _));
        Assert.Contains("#[Max     =", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Matches($@"Total count\s*=\s*{operations}\]", File.ReadAllText(file));
    }

    [Fact]
    public async Task Another_guests_requests_are_not_in_it_and_an_idle_guest_is_said()
    {
        using var daemon = new RunningDaemon();
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
        daemon.Ask("pci-attach --force demo2 00:05.0").Succeeded();

        // Its driver goes on for a moment when it has the device.
        Assert.True(SpinWait.SpinUntil(
            () => daemon.Ask("profile --daemon --domain demo2 --seconds 0.2").Output.StartsWith("no requests", StringComparison.Ordinal), 20_000));

        CliRun idle = await While(daemon, ["--domain", "demo2", "--seconds", "600"], () => daemon.Ask("pci-attach --force demo1 00:08.0").Succeeded());
        CliRun table = await While(daemon, ["--every", "1", "--seconds", "600"], () => daemon.Ask("pci-detach demo1 00:08.0").Succeeded());
        JsonElement json = daemon.Ask("profile --daemon --domain demo2 --seconds 0.01 --json").Succeeded().Json();

        Assert.Matches("^no requests: domain demo2 of the daemon within ", idle.Succeeded().Output);
        Assert.DoesNotContain("ingest", idle.Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("of the daemon within", table.Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal((0, 0), (json.GetProperty("operations").GetInt64(), json.GetProperty("stages").GetArrayLength()));
    }

    [Theory]
    [InlineData("--domain 77", ExitCode.Failed, "77")]
    [InlineData("--domain nobody", ExitCode.Failed, "there is no domain 'nobody'")]
    [InlineData("--domain demo1", ExitCode.Failed, "pcibackflow status shows the guests that have one")]
    [InlineData("--seconds 3601", ExitCode.WrongWords, "at most 3600")]
    [InlineData("--seconds 0", ExitCode.WrongWords, "more than 0")]
    [InlineData("--seconds 0.00001", ExitCode.WrongWords, "seconds is a number from 0.001 to 3600")]
    [InlineData("--every 0", ExitCode.WrongWords, "--every takes a whole number from 1")]
    [InlineData("--operations 5000", ExitCode.WrongWords, "--operations and --daemon exclude each other")]
    [InlineData("--builtin nvme", ExitCode.WrongWords, "--builtin and --daemon exclude each other")]
    public void What_cannot_be_profiled_is_refused_with_the_reason(string words, int code, string reason)
    {
        using var daemon = new RunningDaemon();
        CliRun run = daemon.Ask($"profile --daemon {words}");
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(reason, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_for_the_daemon_need_it() =>
        Assert.Contains("--domain needs --daemon", CliRun.OfLine("profile --domain demo1").Errors, StringComparison.Ordinal);

    /// <summary>A client that has hung up is looked for no more, and a daemon that ends does not wait for the hour that somebody asked for.</summary>
    [Fact]
    public async Task One_profile_is_taken_at_a_time_one_whose_client_hung_up_is_over_and_the_daemons_end_ends_it()
    {
        using var daemon = new RunningDaemon();
        using (Socket gone = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            gone.Connect(new UnixDomainSocketEndPoint(ControlSocket.PathIn(daemon.Directory)));
            gone.Send("GET /v1/profile?seconds=3600 HTTP/1.1\r\nHost: x\r\n\r\n"u8);
            CliRun second = null!;
            Assert.True(SpinWait.SpinUntil(() => (second = daemon.Ask("profile --daemon --seconds 0.01")).ExitCode != ExitCode.Done, 20_000));
            Assert.Equal(ExitCode.Failed, second.ExitCode);
            Assert.Contains("a profile is being taken already", second.Errors, StringComparison.Ordinal);
            Assert.Contains("Try again when it is over.", second.Errors, StringComparison.Ordinal);
        }

        Assert.True(SpinWait.SpinUntil(() => daemon.Ask("profile --daemon --seconds 0.01").ExitCode == ExitCode.Done, 20_000));

        Task<CliRun> last = Task.Run(() => Insist(() => daemon.Ask("profile --daemon --seconds 3600")));
        Assert.True(SpinWait.SpinUntil(() => daemon.Ask("profile --daemon --seconds 0.01").ExitCode != ExitCode.Done, 20_000));
        daemon.Stop().Succeeded();
        Assert.Matches("^no requests: ", (await last).Succeeded().Output);
    }

    // Takes a profile while something is done, and ends it as Ctrl-C does.
    private static async Task<CliRun> While(RunningDaemon daemon, string[] words, Action action)
    {
        using var stop = new CancellationTokenSource();
        Task<CliRun> profile = Task.Factory.StartNew(
            () => Insist(() => CliRun.Of(stop.Token, ["profile", "--daemon", "--run", daemon.Directory, .. words])), TaskCreationOptions.LongRunning);
        Assert.True(SpinWait.SpinUntil(() => IsTaken(daemon), 20_000));
        action();
        stop.Cancel();
        return await profile;
    }

    // Who looks whether one is taken takes one for a moment.
    private static CliRun Insist(Func<CliRun> ask)
    {
        CliRun answer;
        do
        {
            answer = ask();
        }
        while (answer.Errors.Contains("already", StringComparison.Ordinal));

        return answer;
    }

    private static bool IsTaken(RunningDaemon daemon) =>
        daemon.Ask("profile --daemon --seconds 0.001").Errors.Contains("already", StringComparison.Ordinal);
}
