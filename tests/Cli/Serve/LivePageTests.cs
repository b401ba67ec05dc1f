using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>The live page of a running daemon, in a browser.</summary>
public sealed class LivePageTests
{
    [Fact]
    public void A_browser_shows_guests_their_devices_with_policies_and_origins_and_denied_writes_with_the_rule()
    {
        using var folder = new TemporaryFolder();
        int port = FreePort();
        string file = folder.Write(
            "config.json",
            $$"""{ "page_port": {{port}}, "sample": 1, "devices": { "00:04.0": { "policy": "nic.json" } } }""");
        folder.Write("nic.json", """{ "allow_function_reset": true }""");
        using var daemon = new RunningDaemon("--config", file);
        using var browser = Chromium.Open($"http://127.0.0.1:{port}/");
        browser.UntilSays("The daemon answers.");
        Assert.Contains("No write was denied.", browser.Text(), StringComparison.Ordinal);
        Assert.Contains("decided when a guest gets it", browser.Text(), StringComparison.Ordinal);

        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
        string rule = Rule(daemon);
        browser.UntilSays(rule);

        string text = browser.Text();
        Assert.Contains("on loopback, fused, process", text, StringComparison.Ordinal);
        Assert.Equal("demo1", browser.Evaluate("document.querySelector('#guests tbody th').textContent"));
        string device = browser.Evaluate("[...document.querySelectorAll('#devices tbody tr')].find(row => row.innerText.includes('demo1')).innerText");
        Assert.Contains("0000:00:04.0", device, StringComparison.Ordinal);
        Assert.Contains("default built in", device, StringComparison.Ordinal);
        Assert.Contains($"allow_function_reset true policy file", device, StringComparison.Ordinal);
        Assert.Contains("nic.json", device, StringComparison.Ordinal);
        Assert.Equal(rule, browser.Evaluate("document.querySelector('#denied code').textContent"));
        browser.Until("[...document.querySelectorAll('#cards .card')].some(card => /p99/.test(card.innerText) && /s$/.test(card.firstChild.innerText))");
        Assert.Empty(browser.Messages);
    }

    [Fact]
    public void Without_the_key_the_control_socket_alone_answers_it()
    {
        using var daemon = new RunningDaemon();

        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(daemon.Directory, "control.sock")));
        socket.Send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8);
        using StreamReader reader = new(new NetworkStream(socket), Encoding.UTF8);
        string answer = reader.ReadToEnd();

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("<title>pcibackflow</title>", answer, StringComparison.Ordinal);
        string configuration = daemon.Ask("status --json").Succeeded().Output;
        JsonElement port = JsonDocument.Parse(configuration).RootElement.GetProperty("configuration").EnumerateArray()
            .Single(static setting => setting.GetProperty("key").GetString() == "page_port");
        Assert.Equal(("0", "default"), (port.GetProperty("value").GetString(), port.GetProperty("origin").GetString()));
    }

    [Fact]
    public void A_port_that_another_program_has_keeps_nobody_from_being_served()
    {
        using var folder = new TemporaryFolder();
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        using var daemon = new RunningDaemon("--config", folder.Write("config.json", $$"""{ "page_port": {{((IPEndPoint)other.LocalEndpoint).Port}} }"""));

        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        Assert.Equal(ExitCode.Done, daemon.Stop().ExitCode);
    }

    // As 'status' prints it.
    private static string Rule(RunningDaemon daemon)
    {
        string line = "";
        Assert.True(SpinWait.SpinUntil(
            () => (line = daemon.Ask("status").Succeeded().Output.Split('\n').FirstOrDefault(static line => line.Contains("\"allow\":true")) ?? "").Length > 0,
            20_000));
        return line[line.IndexOf('{', StringComparison.Ordinal)..].TrimEnd();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
