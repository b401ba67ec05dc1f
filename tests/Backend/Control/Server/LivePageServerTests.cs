using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Server;

namespace PciBackFlow.Backend.Tests.Control.Server;

/// <summary>What is answered where anybody may ask, and what a browser may ask of the control socket.</summary>
public sealed class LivePageServerTests
{
    [Fact]
    public async Task The_port_answers_the_page_and_the_status_on_the_loopback_address_alone()
    {
        using ControlBench bench = new();
        using LivePageServer server = await Start(bench, out int port);

        string page = Ask(port, "GET / HTTP/1.1", "localhost");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", page, StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Security-Policy: {LivePage.SecurityPolicy}\r\n", page, StringComparison.Ordinal);
        foreach (string header in new[]
            {
                "Content-Type: text/html; charset=utf-8", "X-Content-Type-Options: nosniff", "Cache-Control: no-store", "Referrer-Policy: no-referrer",
                "Cross-Origin-Resource-Policy: same-origin", "Cross-Origin-Opener-Policy: same-origin",
            })
        {
            Assert.Contains($"\r\n{header}\r\n", page, StringComparison.Ordinal);
        }

        string status = Ask(port, "GET /v1/status HTTP/1.1", $"127.0.0.1:{port}");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", status, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Content-Type-Options: nosniff\r\n", status, StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control", status, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("1.2.3", JsonSerializer.Deserialize(Body(status), ControlJson.Default.StatusReport)!.Daemon.Version);
        Assert.Equal(
            [IPAddress.Loopback],
            IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(point => point.Port == port).Select(static point => point.Address));
    }

    [Theory]
    [InlineData("POST / HTTP/1.1", 405)]
    [InlineData("HEAD /v1/status HTTP/1.1", 405)]
    [InlineData("OPTIONS /v1/status HTTP/1.1", 405)]
    [InlineData("DELETE /v1/assignable/00:04.0 HTTP/1.1", 404)]
    [InlineData("POST /v1/reload HTTP/1.1", 404)]
    [InlineData("POST /v1/host/suspend?force=true HTTP/1.1", 404)]
    [InlineData("GET /v1/assignable HTTP/1.1", 404)]
    [InlineData("GET /v1/inspect HTTP/1.1", 404)]
    [InlineData("GET /v1/trace HTTP/1.1", 404)]
    [InlineData("GET /metrics HTTP/1.1", 404)]
    [InlineData("GET /favicon.ico HTTP/1.1", 404)]
    [InlineData("GET //v1/status HTTP/1.1", 404)]
    [InlineData("GET /v1/status/ HTTP/1.1", 404)]
    [InlineData("GET http://elsewhere.example/ HTTP/1.1", 400)]
    public async Task The_port_refuses_whatever_else_is_asked_for(string line, int status)
    {
        using ControlBench bench = new();
        using LivePageServer server = await Start(bench, out int port);

        Assert.Equal(status, StatusOf(Ask(port, line, "localhost", "Content-Length: 0\r\n")));
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST:80", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]:9797", true)]
    [InlineData("elsewhere.example", false)]
    [InlineData("localhost.elsewhere.example:9797", false)]
    [InlineData("127.0.0.1.elsewhere.example", false)]
    [InlineData("10.0.0.7", false)]
    [InlineData("x", false)]
    [InlineData("", false)]
    public async Task The_port_answers_at_this_hosts_own_names_alone(string host, bool isAnswered)
    {
        using ControlBench bench = new();
        using LivePageServer server = await Start(bench, out int port);

        Assert.Equal(isAnswered ? 200 : 403, StatusOf(Ask(port, "GET / HTTP/1.1", host)));
        Assert.Equal(isAnswered ? 200 : 403, StatusOf(Ask(port, "GET /v1/status HTTP/1.1", host)));
    }

    [Fact]
    public async Task What_is_too_large_is_refused_and_the_port_goes_on()
    {
        using ControlBench bench = new();
        using LivePageServer server = await Start(bench, out int port);

        Assert.Equal(431, StatusOf(Ask(port, "GET / HTTP/1.1", "localhost", $"X: {new string('x', 9 << 10)}\r\n")));
        Assert.Equal(414, StatusOf(Ask(port, $"GET /?{new string('x', 9 << 10)} HTTP/1.1", "localhost")));
        Assert.Equal(405, StatusOf(Ask(port, "POST / HTTP/1.1", "localhost", "Content-Length: 5\r\n", "hello")));
        Assert.Equal(200, StatusOf(Ask(port, "GET / HTTP/1.1", "localhost")));
    }

    [Fact]
    public async Task However_many_ask_shards_and_files_are_asked_twice_a_second_at_most()
    {
        int reads = 0;
        using ControlBench bench = new(change: services => services with
        {
            Guests = () =>
            {
                Interlocked.Increment(ref reads);
                return [];
            },
        });
        using LivePageServer server = await Start(bench, out int port);

        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(200, StatusOf(Ask(port, "GET /v1/status HTTP/1.1", "localhost")));
            }
        })));

        Assert.InRange(reads, 1, 1 + (Stopwatch.GetElapsedTime(start) / SharedStatus.Keep));
        int before = reads;
        await Task.Delay(SharedStatus.Keep * 2);
        Ask(port, "GET /v1/status HTTP/1.1", "localhost");
        Assert.Equal(before + 1, reads);
    }

    [Fact]
    public async Task What_could_not_be_read_once_is_said_and_read_the_next_time()
    {
        bool fails = true;
        using ControlBench bench = new(change: services => services with
        {
            Guests = () => fails ? throw new IOException("gone for a moment") : [],
        });
        using LivePageServer server = await Start(bench, out int port);

        string answer = Ask(port, "GET /v1/status HTTP/1.1", "localhost");
        Assert.Equal(503, StatusOf(answer));
        Assert.Equal("gone for a moment", JsonSerializer.Deserialize(Body(answer), ControlJson.Default.ControlProblem)!.Message);
        fails = false;
        Assert.Equal(200, StatusOf(Ask(port, "GET /v1/status HTTP/1.1", "localhost")));
    }

    [Fact]
    public async Task A_port_that_another_program_has_is_refused()
    {
        using ControlBench bench = new();
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        using LivePageServer server = new(((IPEndPoint)other.LocalEndpoint).Port, bench.Services, NullLoggerFactory.Instance);

        await Assert.ThrowsAsync<IOException>(server.StartAsync);
    }

    /// <summary>A tunnel brings the control socket to a browser's host, where any page may send requests to it.</summary>
    [Theory]
    [InlineData("GET", "/", "Sec-Fetch-Site: none\r\n", 200)]
    [InlineData("GET", "/", "Sec-Fetch-Site: cross-site\r\n", 200)]
    [InlineData("GET", "/v1/status", "Sec-Fetch-Site: same-origin\r\n", 200)]
    [InlineData("GET", "/v1/status", "Origin: http://localhost:9797\r\n", 200)]
    [InlineData("GET", "/v1/status", "Sec-Fetch-Site: cross-site\r\n", 403)]
    [InlineData("GET", "/v1/status", "Sec-Fetch-Site: same-site\r\n", 403)]
    [InlineData("GET", "/v1/status", "Origin: http://localhost:3000\r\n", 403)]
    [InlineData("GET", "/", "Origin: null\r\n", 403)]
    [InlineData("POST", "/v1/reload", "Origin: http://localhost:9797\r\n", 403)]
    [InlineData("POST", "/v1/reload", "Origin: null\r\n", 403)]
    [InlineData("POST", "/v1/host/suspend?force=true", "Sec-Fetch-Site: cross-site\r\n", 403)]
    [InlineData("DELETE", "/v1/assignable/00:04.0", "Sec-Fetch-Site: same-origin\r\n", 403)]
    public void A_browser_only_reads_from_the_control_socket_and_for_the_daemons_own_page(string method, string path, string headers, int status)
    {
        using ControlBench bench = new();

        (int answered, string body) = bench.Send(method, path, headers: $"{headers}Content-Length: 0\r\n", host: "localhost:9797");

        Assert.Equal(status, answered);
        Assert.True(status != 403 || body.Contains("browser", StringComparison.Ordinal), body);
        Assert.Contains(bench.Custody.Held(), static device => device.Address.ToString() == "0000:00:04.0");
    }

    [Theory]
    [InlineData("x", 200)]
    [InlineData("localhost:9797", 200)]
    [InlineData("elsewhere.example:9797", 403)]
    [InlineData("[2001:db8::1]", 403)]
    public void The_control_socket_is_not_asked_at_a_strangers_name(string host, int status)
    {
        using ControlBench bench = new();

        Assert.Equal(status, bench.Send("GET", "/v1/status", host: host).Status);
    }

    [Fact]
    public void Who_may_not_use_the_API_gets_no_page_there()
    {
        using ControlBench bench = new(isAllowed: static _ => false);

        Assert.Equal(403, bench.Send("GET", "/").Status);
    }

    internal static Task<LivePageServer> Start(ControlBench bench, out int port)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return Start(bench, port);
    }

    internal static async Task<LivePageServer> Start(ControlBench bench, int port)
    {
        LivePageServer server = new(port, bench.Services, NullLoggerFactory.Instance);
        await server.StartAsync();
        return server;
    }

    private static string Ask(int port, string line, string host, string headers = "", string body = "")
    {
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, port);
        client.Client.Send(Encoding.ASCII.GetBytes($"{line}\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n{body}"));
        using StreamReader reader = new(client.GetStream(), Encoding.UTF8);
        StringBuilder answer = new();
        try
        {
            for (int next = reader.Read(); next >= 0; next = reader.Read())
            {
                answer.Append((char)next);
            }
        }
        catch (IOException)
        {
            // It hung up on what it would not read; the answer came before.
        }

        return answer.ToString();
    }

    private static int StatusOf(string answer) => int.Parse(answer.Split(' ')[1]);

    private static string Body(string answer) => answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
}
