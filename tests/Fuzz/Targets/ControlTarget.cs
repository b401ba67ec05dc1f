using PciBackFlow.Backend.Control.Api;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Control.Server;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>
/// A request to the control API: which one (1 byte), then its body, or the rest of its path and query. Behind the API everything refuses. Each has a status
/// below 500: a higher one is a defect of the daemon.
/// </summary>
internal sealed class ControlTarget : FuzzTarget
{
    private const string Home = "/v1/domains/7/devices";

    private readonly Lazy<RequestDelegate> _api = new(Build);
    private readonly Lazy<OwnSocket> _socket = new(static () => new OwnSocket());

    internal override string Name => "control";

    internal override IEnumerable<byte[]> Seeds() => ((string[])
    [
        "0{\"spec\":\"03:00.0,permissive=1\",\"wait\":false,\"keep\":true}", "0{\"spec\":null}", "0[]", "1{\"address\":\"0000:03:00.0\",\"name\":\"nic\"}",
        "1{\"address\":\"3\",\"force\":true}", "2spec=03:00.0&force=true", "2spec=name%3Dx&force=2", "30000:03:00.0?rebind=true", "4", "50",
    ]).Select(Encoding.UTF8.GetBytes);

    internal override string Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return "nothing asked";
        }

        byte[] rest = input[1..].ToArray();
        string text = Encoding.UTF8.GetString(rest);
        if (text.Contains('\0', StringComparison.Ordinal) && input[0] % 6 > 2)
        {
            // The server itself refuses such a path before anybody sees it.
            return "400";
        }

        RequestDelegate run = _api.Value;
        DefaultHttpContext context = new();
        context.Features.Set<IConnectionSocketFeature>(_socket.Value);
        HttpRequest request = context.Request;
        (string method, string path) = (input[0] % 6) switch
        {
            0 => ("POST", Home),
            1 => ("POST", "/v1/assignable"),
            2 => ("DELETE", Home),
            3 => ("DELETE", $"/v1/assignable/{Before(text, '?')}"),
            4 => ("GET", $"/v1/domains/{text}/devices"),
            _ => ("GET", $"/{text}"),
        };

        // Decoded already, as the server hands it on.
        (request.Method, request.Path) = (method, new PathString(path));
        if (request.Method == "POST")
        {
            request.ContentType = "application/json";
            request.Body = new MemoryStream(rest);
        }
        else
        {
            request.QueryString = new QueryString($"?{(input[0] % 6 == 3 ? text[Before(text, '?').Length..].TrimStart('?') : text)}");
        }

        var answer = new MemoryStream();
        context.Response.Body = answer;

        // What awaits must not come back to the caller's thread, which waits here.
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        run(context).GetAwaiter().GetResult();
        SynchronizationContext.SetSynchronizationContext(before);

        int status = context.Response.StatusCode;
        Require(status is >= 200 and < 500, $"status {status}: {Encoding.UTF8.GetString(answer.ToArray())}");
        return status.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string Before(string text, char mark) => text.IndexOf(mark, StringComparison.Ordinal) is >= 0 and int at ? text[..at] : text;

    // A trace goes on until its daemon ends.
    private static TraceHub Ended()
    {
        TraceHub hub = new([]);
        hub.Dispose();
        return hub;
    }

    private static RequestDelegate Build()
    {
        ControlServices services = new()
        {
            Version = "fuzzed",
            Platform = "none",
            Topology = PipelineTopology.Fused,
            Guests = static () => [],
            Errors = static () => new([], []),
            NameOf = static _ => null,
            Counters = static () => default,
            Totals = static () => [],
            Passages = static () => [],
            Shards = new(1, static (_, action) => action()),
            Custody = new ListedCustody { Refusal = new BackendException(BackendFailure.Refused, "everything is refused here") },
            Toolstack = new RefusingToolstack(),
            Configuration = static () => [],
            Traces = Ended(),
            Reload = static () => Task.FromResult(new ReloadReport([], [], [])),
        };

        // Without a limit: a machine that is too busy to start a thread must not look like a defect, and a fuzzer has a limit of its own.
        return new ControlServer("/never-opened", services, NullLoggerFactory.Instance, Timeout.InfiniteTimeSpan).Run;
    }

    /// <summary>A connection of this process to itself: the API asks who is at its other end.</summary>
    private sealed class OwnSocket : IConnectionSocketFeature
    {
        internal OwnSocket()
        {
            string path = Path.Combine(Path.GetTempPath(), $"fuzzed-{Guid.NewGuid():N}");
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
            Peer = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            Peer.Connect(new UnixDomainSocketEndPoint(path));
            Socket = listener.Accept();
            File.Delete(path);
        }

        public Socket Socket { get; }

        // Kept, or the connection would be closed.
        private Socket Peer { get; }
    }
}
