using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PciBackFlow.Backend.Control;

/// <summary>
/// The daemon as its clients see it. A failure is a <see cref="BackendException"/> in the daemon's own words, or a <see cref="DaemonUnreachableException"/>.
/// Thread-safe.
/// </summary>
public sealed class ControlClient : IDisposable
{
    private readonly string _socket;
    private readonly HttpClient _http;

    /// <summary>Opens nothing yet: each request finds the daemon.</summary>
    /// <param name="socket">The daemon's socket (<see cref="ControlSocket.PathIn"/>).</param>
    public ControlClient(string socket)
    {
        _socket = socket;
        SocketsHttpHandler handler = new() { ConnectCallback = Connect, UseProxy = false, UseCookies = false, AllowAutoRedirect = false };

        // The daemon ends a request after its own time; a client that gives up earlier would undo it.
        _http = new(handler) { BaseAddress = new("http://daemon" + ControlGate.Version), Timeout = TimeSpan.FromMinutes(5) };
    }

    /// <summary>Everything at a glance.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The status.</returns>
    public Task<StatusReport> StatusAsync(CancellationToken cancellationToken) =>
        Get("status", ControlJson.Default.StatusReport, cancellationToken);

    /// <summary>The devices guests can have.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>By address.</returns>
    public Task<IReadOnlyList<DeviceReport>> ListAssignableAsync(CancellationToken cancellationToken) =>
        Get("assignable", ControlJson.Default.IReadOnlyListDeviceReport, cancellationToken);

    /// <summary>Takes a device from the host.</summary>
    /// <param name="device">Which.</param>
    /// <param name="cancellationToken">Gives up waiting; the daemon goes on.</param>
    /// <returns>The device as it is held now.</returns>
    public async Task<DeviceReport> TakeAsync(TakeDevice device, CancellationToken cancellationToken)
    {
        using HttpContent body = Body(device, ControlJson.Default.TakeDevice);
        return await Send(HttpMethod.Post, "assignable", body, ControlJson.Default.DeviceReport, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives a device back to the host.</summary>
    /// <param name="device">Its address or name.</param>
    /// <param name="rebind">Whether its original driver gets it at once.</param>
    /// <param name="cancellationToken">Gives up waiting; the daemon goes on.</param>
    /// <returns>When it is done.</returns>
    public Task GiveBackAsync(string device, bool rebind, CancellationToken cancellationToken) =>
        Send(HttpMethod.Delete, $"assignable/{Uri.EscapeDataString(device)}?rebind={(rebind ? "true" : "false")}", null, cancellationToken);

    /// <summary>The devices a guest has or is getting.</summary>
    /// <param name="domain">Its id or name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>By index.</returns>
    public Task<IReadOnlyList<AssignmentReport>> ListDevicesAsync(string domain, CancellationToken cancellationToken) =>
        Get(DevicesOf(domain), ControlJson.Default.IReadOnlyListAssignmentReport, cancellationToken);

    /// <summary>Gives a guest a device.</summary>
    /// <param name="domain">Its id or name.</param>
    /// <param name="device">Which device and how.</param>
    /// <param name="cancellationToken">Gives up; what was granted is taken back.</param>
    /// <returns>What the guest has now.</returns>
    public async Task<AssignmentReport> AttachAsync(string domain, AttachDevice device, CancellationToken cancellationToken)
    {
        using HttpContent body = Body(device, ControlJson.Default.AttachDevice);
        return await Send(HttpMethod.Post, DevicesOf(domain), body, ControlJson.Default.AssignmentReport, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a device from a guest.</summary>
    /// <param name="domain">Its id or name.</param>
    /// <param name="spec">The device in xl's words.</param>
    /// <param name="force">Whether to go on when the guest does not answer.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>When the guest no longer has it.</returns>
    public Task DetachAsync(string domain, string spec, bool force, CancellationToken cancellationToken) => Send(
        HttpMethod.Delete, $"{DevicesOf(domain)}?spec={Uri.EscapeDataString(spec)}&force={(force ? "true" : "false")}", null, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static ByteArrayContent Body<T>(T value, JsonTypeInfo<T> type)
    {
        ByteArrayContent content = new(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static string DevicesOf(string domain) => $"domains/{Uri.EscapeDataString(domain)}/devices";

    private Task<T> Get<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        Send(HttpMethod.Get, path, null, type, cancellationToken);

    private async Task<T> Send<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        byte[] answer = await Send(method, path, body, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(answer, type) ?? throw new JsonException("null");
        }
        catch (JsonException other)
        {
            throw new BackendException(BackendFailure.Failed, $"the daemon at {_socket} is of another version: its answer was not understood", other);
        }
    }

    private async Task<byte[]> Send(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        try
        {
            using HttpRequestMessage request = new(method, path) { Content = body };
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? answer : throw ProblemOf(response.StatusCode, answer);
        }
        catch (HttpRequestException failure)
        {
            throw Unreachable(failure);
        }
        catch (TaskCanceledException late) when (late.InnerException is TimeoutException)
        {
            throw new BackendException(BackendFailure.Failed, $"the daemon at {_socket} did not answer within {_http.Timeout.TotalMinutes:0} minutes", late);
        }
    }

    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private BackendException ProblemOf(HttpStatusCode status, byte[] answer)
    {
        try
        {
            if (JsonSerializer.Deserialize(answer, ControlJson.Default.ControlProblem) is { } problem)
                return new(problem.ToFailure(), problem.Message);
        }
        catch (JsonException)
        {
            // Said below.
        }

        return new(BackendFailure.Failed, $"the daemon at {_socket} answered with HTTP status {(int)status} and no reason");
    }

    private DaemonUnreachableException Unreachable(HttpRequestException failure)
    {
        string why = (failure.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "nobody listens there; the daemon has ended",
            SocketError.AccessDenied => "permission denied; run this as root",
            SocketError.AddressNotAvailable => "there is no such socket",
            _ => File.Exists(_socket) ? failure.InnerException?.Message ?? failure.Message : "there is no such socket",
        };
        return new($"no daemon answers at {_socket}: {why}", failure);
    }
}
