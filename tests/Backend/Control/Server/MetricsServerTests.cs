using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Control.Metrics;
using PciBackFlow.Backend.Control.Server;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Tests.Control.Metrics;

namespace PciBackFlow.Backend.Tests.Control.Server;

/// <summary>The metrics as a collector gets them: on the control socket, and on a port.</summary>
public sealed class MetricsServerTests
{
    [Fact]
    public void The_control_socket_answers_metrics_without_a_version_and_not_below_one()
    {
        using ControlBench bench = new();

        (int status, string body) = bench.Send("GET", "/metrics");

        Assert.Equal(200, status);
        Assert.Contains("pcibackflow_build_info{version=\"1.2.3\",platform=\"loopback\",topology=\"fused\"} 1\n", body, StringComparison.Ordinal);
        Assert.Contains("pcibackflow_devices{state=\"free\"}", body, StringComparison.Ordinal);
        Assert.Equal(404, bench.Send("GET", "/v1/metrics").Status);
        Assert.Equal(404, bench.Send("GET", "/v1//metrics").Status);
        Assert.Equal(404, bench.Send("GET", "/metrics/").Status);
        Assert.Equal(405, bench.Send("POST", "/metrics").Status);
    }

    [Fact]
    public void Who_may_not_use_the_API_gets_no_metrics_there()
    {
        using ControlBench bench = new(isAllowed: static _ => false);

        Assert.Equal(403, bench.Send("GET", "/metrics").Status);
    }

    [Fact]
    public async Task The_port_answers_metrics_alone_and_on_the_loopback_address_alone()
    {
        using ControlBench bench = new();
        int port = FreePort();
        using MetricsServer server = new(port, bench.Services, NullLoggerFactory.Instance);
        await server.StartAsync();

        (int status, string answer) = Get(port, "/metrics");
        Assert.Equal(200, status);
        Assert.Contains($"Content-Type: {MetricText.Type}", answer, StringComparison.Ordinal);
        Assert.Contains("\npcibackflow_shard_requests_total{shard=\"1\"} 0\n", answer, StringComparison.Ordinal);
        Assert.Equal(404, Get(port, "/v1/status").Status);
        Assert.Equal(404, Get(port, "/").Status);
        Assert.Equal(405, Get(port, "/metrics", "POST").Status);
        Assert.Equal(
            [IPAddress.Loopback],
            IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(point => point.Port == port).Select(static point => point.Address));
        await server.StopAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_port_that_another_program_has_is_refused()
    {
        using ControlBench bench = new();
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        using MetricsServer server = new(((IPEndPoint)other.LocalEndpoint).Port, bench.Services, NullLoggerFactory.Instance);

        await Assert.ThrowsAsync<IOException>(server.StartAsync);
    }

    [Fact]
    public void What_could_not_be_read_once_is_read_the_next_time()
    {
        bool fails = true;
        using ControlBench bench = new(change: services => services with
        {
            Guests = () => fails ? throw new IOException("gone for a moment") : [],
        });

        Assert.Equal(422, bench.Send("GET", "/metrics").Status);
        fails = false;
        Assert.Equal(200, bench.Send("GET", "/metrics").Status);
    }

    /// <summary>A thousand guests: as many series as they should have, no more bytes than a collector takes without noticing, in a time it waits for.</summary>
    [Fact]
    public void A_thousand_guests_are_twenty_series_each()
    {
        GuestSnapshot[] guests = [.. Enumerable.Range(1, 1000).Select(static domain => Samples.Snapshot(domain))];
        using ControlBench bench = new(change: services => services with { Guests = () => guests, NameOf = static domain => $"guest-{domain}" });
        using ControlBench empty = new();

        string text = bench.Send("GET", "/metrics").Body;
        long start = Stopwatch.GetTimestamp();
        string again = bench.Send("GET", "/metrics").Body;
        TimeSpan took = Stopwatch.GetElapsedTime(start);

        int without = Samples.Lines(empty.Send("GET", "/metrics").Body).Length;
        string[] lines = Samples.Lines(text);
        Assert.Equal(without + (1000 * 20), lines.Length);
        Assert.Equal(lines.Length, lines.Select(static line => line[..line.LastIndexOf(' ')]).Distinct().Count());
        Assert.InRange(text.Length, 1_000_000, 1_600_000);
        Assert.Equal(lines.Length, Samples.Lines(again).Length);
        Assert.True(took < TimeSpan.FromSeconds(10), $"{took}");
        TestContext.Current.SendDiagnosticMessage($"{lines.Length} series, {text.Length} bytes, {took.TotalMilliseconds} ms");
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static (int Status, string Answer) Get(int port, string path, string method = "GET")
    {
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, port);
        client.Client.Send(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
        using StreamReader reader = new(client.GetStream(), Encoding.UTF8);
        string answer = reader.ReadToEnd();
        return (int.Parse(answer.Split(' ')[1]), answer);
    }
}
