using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>What a running daemon tells of itself: to collectors on its port, and to people who look at it live.</summary>
public sealed class MetricsTests
{
    [Fact]
    public void The_port_of_the_configuration_answers_what_guests_did_with_their_sampled_times()
    {
        using var folder = new TemporaryFolder();
        int port = FreePort();
        using var daemon = new RunningDaemon("--config", folder.Write("config.json", $$"""{ "metrics_port": {{port}}, "sample": 1 }"""));
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        string text = "";
        Assert.True(SpinWait.SpinUntil(() => (text = Get(port)).Contains("pcibackflow_denied_writes_total{domain=\"1\",guest=\"demo1\"} 1\n"), 20_000), text);
        Assert.Contains("pcibackflow_devices{state=\"attached\"} 1\n", text, StringComparison.Ordinal);
        double requests = Value(text, "pcibackflow_requests_total{domain=\"1\",guest=\"demo1\",operation=\"read\"} ");
        Assert.InRange(Value(text, "pcibackflow_request_duration_seconds_count "), requests, double.MaxValue);
        Assert.True(Value(text, "pcibackflow_request_duration_seconds_sum ") > 0);
        Assert.InRange(Value(text, "process_start_time_seconds "), 1, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        Assert.InRange(Value(text, "process_resident_memory_bytes "), 1 << 20, long.MaxValue);
        Assert.True(Value(text, "process_cpu_seconds_total ") > 0);
    }

    [Fact]
    public void A_port_that_another_program_has_keeps_nobody_from_being_served()
    {
        using var folder = new TemporaryFolder();
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        using var daemon = new RunningDaemon("--config", folder.Write("config.json", $$"""{ "metrics_port": {{port}} }"""));

        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        Assert.Equal(ExitCode.Done, daemon.Stop().ExitCode);
    }

    [Fact]
    public void Top_shows_guests_and_shards_as_often_as_it_is_told_to()
    {
        using var daemon = new RunningDaemon();
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        string text = daemon.Ask("top -b -n 2 -d 0.1").Succeeded().Output;
        string[] documents = daemon.Ask("top --json -n 3 -d 0.1").Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, text.Split(" on loopback, up ").Length);
        Assert.Contains(" demo1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
        Assert.Equal(3, documents.Length);
        JsonElement last = JsonDocument.Parse(documents[2]).RootElement;
        Assert.True(last.GetProperty("seconds").GetDouble() > 0.05);
        Assert.Equal(1, last.GetProperty("guests").EnumerateArray().Single(static guest => guest.GetProperty("name").GetString() == "demo1")
            .GetProperty("functions").GetInt32());
        Assert.True(last.GetProperty("shards").GetArrayLength() > 0);
    }

    [Fact]
    public void Top_ends_with_success_when_it_is_interrupted_and_with_1_where_no_daemon_is()
    {
        using var folder = new TemporaryFolder();
        using var daemon = new RunningDaemon();
        using CancellationTokenSource stop = new(TimeSpan.FromSeconds(1));

        var interrupted = CliRun.Of(stop.Token, "top", "-d", "0.1", "--run", daemon.Directory);
        var alone = CliRun.Of("top", "-b", "-n", "1", "--run", folder["none"]);

        Assert.Equal((ExitCode.Done, ""), (interrupted.ExitCode, interrupted.Errors));
        Assert.Equal(ExitCode.Failed, alone.ExitCode);
        Assert.Contains("no daemon answers", alone.Errors, StringComparison.Ordinal);
    }

    private static double Value(string text, string series)
    {
        string line = Assert.Single(text.Split('\n'), line => line.StartsWith(series, StringComparison.Ordinal));
        return double.Parse(line[series.Length..], CultureInfo.InvariantCulture);
    }

    private static string Get(int port)
    {
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, port);
        client.Client.Send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8);
        using StreamReader reader = new(client.GetStream(), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
