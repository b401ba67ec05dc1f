using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Backend.Control.Server;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Tests.Control.Server;

/// <summary>The control API on a real socket, over emulated devices and a toolstack that says what it was told.</summary>
internal sealed class ControlBench : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly ControlServer _server;

    public ControlBench(
        TimeSpan? limit = null, Func<uint, bool>? isAllowed = null, Action<int, Action>? shards = null, Func<ControlServices, ControlServices>? change = null)
    {
        Socket = ControlSocket.PathIn(_folder["."]);
        Custody = new(Functions());
        ControlServices services = new()
        {
            Version = "1.2.3",
            Platform = "loopback",
            Topology = PipelineTopology.Fused,
            Guests = () => [],
            NameOf = _ => null,
            Counters = () => default,
            Totals = static () => new ShardTotals[2],
            Passages = static () => [PassageTimes.None, PassageTimes.None],
            Shards = new(2, shards ?? ((_, action) => action())),
            Custody = Custody,
            Toolstack = Toolstack,
            Errors = () => new(["no trace"], [new("0000:00:04.0", 3, 0, 0, 0, 0, 0, 0, 0, 0, Quarantined: false, null)]),
            Configuration = static () => [new("spin", "20", "default")],
            Traces = new([]),
            Reload = static () => Task.FromResult(new ReloadReport([], [], [])),
        };
        if (isAllowed is not null)
        {
            services = services with { IsAllowed = isAllowed };
        }

        Services = change?.Invoke(services) ?? services;
        _server = new(Socket, Services, NullLoggerFactory.Instance, limit);
        _server.StartAsync().GetAwaiter().GetResult();
        Client = new(Socket);
    }

    public string Socket { get; }

    public ControlServices Services { get; }

    public EmulatedCustody Custody { get; }

    public ScriptedToolstack Toolstack { get; } = new();

    public ControlClient Client { get; }

    /// <summary>Sends a request as any program would, without the client.</summary>
    public (int Status, string Body) Send(string method, string path, string? body = null, string type = "application/json")
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Socket));
        StringBuilder request = new($"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        if (body is not null)
        {
            request.Append($"Content-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        }

        socket.Send(Encoding.UTF8.GetBytes($"{request}\r\n{body}"));
        using StreamReader reader = new(new NetworkStream(socket), Encoding.UTF8);
        string answer = reader.ReadToEnd();
        return (int.Parse(answer.Split(' ')[1]), answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
    }

    public async Task StopAsync() => await _server.StopAsync(s_patience);

    public void Dispose()
    {
        StopAsync().GetAwaiter().GetResult();
        _server.Dispose();
        Custody.Dispose();
        _folder.Dispose();
    }

    private static IEnumerable<Func<IPciFunction>> Functions()
    {
        foreach (string name in new[] { "e1000e", "nvme", "ahci", "root-port" })
        {
            Assert.True(BuiltinCaptures.TryLoad(name, out Capture? capture));
            foreach (CapturedConfig function in capture.Functions)
            {
                yield return () => new CapturedFunction(capture.Name, function);
            }
        }
    }
}
