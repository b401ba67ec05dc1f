using System.Net.Sockets;
using System.Text.Json;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Serving;
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

        // A driver's start reads registers that no memory answers for.
        Assert.InRange(json.GetProperty("config_access_ns").GetDouble(), 0.1, 1e9);
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
        Assert.Equal(JsonValueKind.Null, json.GetProperty("config_access_ns").ValueKind);
        Assert.Equal((0, 0), (json.GetProperty("operations").GetInt64(), json.GetProperty("stages").GetArrayLength()));
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

    /// <summary>A word that comes late, for a profile that has just ended by itself, must not end the one that another client has begun meanwhile.</summary>
    [Fact]
    public async Task A_profile_is_ended_under_its_own_name_alone()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var daemon = new RunningDaemon();
        ControlClient client = new(ControlSocket.PathIn(daemon.Directory));
        Assert.Equal("first", (await client.ProfileAsync("first", domain: null, seconds: 0.001, everyNth: 1, cancel)).Id);
        Task<RequestProfile> second = Task.Run(() => InsistAsync(() => client.ProfileAsync("second", domain: null, seconds: 600, everyNth: 1, cancel)), cancel);
        Assert.True(SpinWait.SpinUntil(() => IsTaken(daemon), 20_000));

        Assert.False(await client.EndProfileAsync("first", cancel));
        Assert.True(IsTaken(daemon));
        Assert.True(await client.EndProfileAsync("second", cancel));
        Assert.Equal("second", (await second).Id);
        Assert.False(await client.EndProfileAsync("second", cancel));
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

    private static async Task<RequestProfile> InsistAsync(Func<Task<RequestProfile>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (BackendException refused) when (refused.Message.Contains("already", StringComparison.Ordinal))
            {
                // The look whether one is taken.
            }
        }
    }

    private static bool IsTaken(RunningDaemon daemon) =>
        daemon.Ask("profile --daemon --seconds 0.001").Errors.Contains("already", StringComparison.Ordinal);
}
