using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Control.Client;

/// <summary>
/// The daemon as its clients see it. A failure is a <see cref="BackendException"/> in the daemon's own words, or a <see cref="DaemonUnreachableException"/>.
/// Thread-safe.
/// </summary>
/// <param name="socket">The daemon's socket (<see cref="ControlSocket.PathIn"/>); each request connects anew.</param>
public sealed class ControlClient(string socket)
{
    // The daemon ends a request after its own time; a client that gives up earlier would undo it.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Whether a user's process is believed to be the daemon; root's and this user's own are.</summary>
    internal Func<uint, bool> IsTrusted { get; init; } = static user => user == 0 || user == PeerCredentials.OwnUser;

    /// <summary>Everything at a glance.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The status.</returns>
    public Task<StatusReport> StatusAsync(CancellationToken cancellationToken) =>
        Get("status", ControlAnswers.Types.StatusReport, cancellationToken);

    /// <summary>The devices guests can have.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>By address.</returns>
    public Task<IReadOnlyList<DeviceReport>> ListAssignableAsync(CancellationToken cancellationToken) =>
        Get("assignable", ControlAnswers.Types.IReadOnlyListDeviceReport, cancellationToken);

    /// <summary>Everything about one device of the daemon's host, with what an attach of it would be refused for.</summary>
    /// <param name="device">In a selector's words.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The report, without names by pci.ids.</returns>
    public Task<DeviceReport> DescribeAsync(string device, CancellationToken cancellationToken) =>
        Get($"devices/{Uri.EscapeDataString(device)}", ControlAnswers.Types.DeviceReport, cancellationToken);

    /// <summary>A part of the daemon's live object tree.</summary>
    /// <param name="path">Which: <c>guests/3/functions</c>; empty for all of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Any JSON value.</returns>
    public Task<JsonElement> InspectAsync(string path, CancellationToken cancellationToken) => Get(
        path.Length == 0 ? "inspect" : $"inspect/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}",
        ControlAnswers.Types.JsonElement, cancellationToken);

    /// <summary>Takes a device from the host.</summary>
    /// <param name="device">Which.</param>
    /// <param name="cancellationToken">Gives up waiting; the daemon goes on.</param>
    /// <returns>The device as it is held now.</returns>
    public Task<DeviceReport> TakeAsync(TakeDevice device, CancellationToken cancellationToken) => Send(
        "POST", "assignable", JsonSerializer.SerializeToUtf8Bytes(device, ControlJson.Default.TakeDevice), ControlAnswers.Types.DeviceReport,
        cancellationToken);

    /// <summary>Gives a device back to the host.</summary>
    /// <param name="device">Its address or name.</param>
    /// <param name="rebind">Whether its original driver gets it at once.</param>
    /// <param name="force">Whether refusals that only a person can judge are overridden.</param>
    /// <param name="cancellationToken">Gives up waiting; the daemon goes on.</param>
    /// <returns>When it is done.</returns>
    public Task GiveBackAsync(string device, bool rebind, bool force, CancellationToken cancellationToken) => Send(
        "DELETE", $"assignable/{Uri.EscapeDataString(device)}?rebind={(rebind ? "true" : "false")}&force={(force ? "true" : "false")}", null,
        cancellationToken);

    /// <summary>The devices a guest has or is getting.</summary>
    /// <param name="domain">Its id or name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>By index.</returns>
    public Task<IReadOnlyList<AssignmentReport>> ListDevicesAsync(string domain, CancellationToken cancellationToken) =>
        Get(DevicesOf(domain), ControlAnswers.Types.IReadOnlyListAssignmentReport, cancellationToken);

    /// <summary>Gives a guest a device.</summary>
    /// <param name="domain">Its id or name.</param>
    /// <param name="device">Which device and how.</param>
    /// <param name="cancellationToken">Gives up; what was granted is taken back.</param>
    /// <returns>What the guest has now.</returns>
    public Task<IReadOnlyList<AssignmentReport>> AttachAsync(string domain, AttachDevice device, CancellationToken cancellationToken) => Send(
        "POST",
        DevicesOf(domain),
        JsonSerializer.SerializeToUtf8Bytes(device, ControlJson.Default.AttachDevice),
        ControlAnswers.Types.IReadOnlyListAssignmentReport,
        cancellationToken);

    /// <summary>Takes a device from a guest.</summary>
    /// <param name="domain">Its id or name.</param>
    /// <param name="spec">The device in xl's words.</param>
    /// <param name="force">Whether to go on when the guest does not answer.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>When the guest no longer has it.</returns>
    public Task DetachAsync(string domain, string spec, bool force, CancellationToken cancellationToken) => Send(
        "DELETE", $"{DevicesOf(domain)}?spec={Uri.EscapeDataString(spec)}&force={(force ? "true" : "false")}", null, cancellationToken);

    /// <summary>The host is about to sleep: refused while guests have devices, unless forced.</summary>
    /// <param name="force">Whether a person insists.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>When the devices are ready for it.</returns>
    public Task SuspendAsync(bool force, CancellationToken cancellationToken) =>
        Send("POST", $"host/suspend?force={(force ? "true" : "false")}", null, cancellationToken);

    /// <summary>The host is awake again: devices are brought back.</summary>
    /// <param name="cancellationToken">Gives up waiting; the daemon goes on.</param>
    /// <returns>When all are back.</returns>
    public Task ResumeAsync(CancellationToken cancellationToken) => Send("POST", "host/resume", null, cancellationToken);

    /// <summary>Reads the configuration again and puts what it says of policies in force.</summary>
    /// <param name="cancellationToken">Gives up waiting; the daemon goes on.</param>
    /// <returns>What has changed.</returns>
    public Task<ReloadReport> ReloadAsync(CancellationToken cancellationToken) =>
        Send("POST", "reload", null, ControlAnswers.Types.ReloadReport, cancellationToken);

    /// <summary>Where the time of guests' requests goes: waits until the daemon has looked long enough, or <see cref="EndProfileAsync"/> ends it.</summary>
    /// <param name="id">The name under which it can be ended: up to 64 letters, digits and <c>-</c>, that nobody else has.</param>
    /// <param name="domain">Whose, by id or name; null for all guests'.</param>
    /// <param name="seconds">How long it looks.</param>
    /// <param name="everyNth">Which requests are timed.</param>
    /// <param name="cancellationToken">Gives up; the daemon looks no more.</param>
    /// <returns>What it found.</returns>
    public async Task<RequestProfile> ProfileAsync(string id, string? domain, double seconds, int everyNth, CancellationToken cancellationToken)
    {
        string whose = domain is null ? string.Empty : $"&domain={Uri.EscapeDataString(domain)}";
        string name = $"{ControlPaths.ProfileId}={Uri.EscapeDataString(id)}";
        string path = string.Create(CultureInfo.InvariantCulture, $"{ControlPaths.Profile}?{name}&seconds={seconds}&every={everyNth}{whose}");
        (int status, byte[] answer) =
            await Exchange("GET", path, null, Patience + TimeSpan.FromSeconds(seconds), cancellationToken).ConfigureAwait(false);
        return status switch
        {
            >= 200 and < 300 => ReadAnswer(answer, ControlAnswers.Types.RequestProfile),
            404 => throw new BackendException(
                BackendFailure.Failed,
                $"the daemon at {socket} is of an older version, which takes no profiles\n  Have the installed version take its place: "
                + "systemctl kill --signal=USR2 --kill-whom=main pcibackflow"),
            _ => throw ProblemOf(status, answer),
        };
    }

    /// <summary>Ends a profile that is being taken, which is answered with what it has.</summary>
    /// <param name="id">Which one.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when it is not being taken: it is over, or has not begun yet.</returns>
    public async Task<bool> EndProfileAsync(string id, CancellationToken cancellationToken)
    {
        (int status, byte[] answer) = await Exchange(
            "DELETE", $"{ControlPaths.Profile}/{Uri.EscapeDataString(id)}", null, Patience, cancellationToken).ConfigureAwait(false);
        return status switch
        {
            >= 200 and < 300 => true,
            404 => false,
            _ => throw ProblemOf(status, answer),
        };
    }

    /// <summary>Requests as they are answered.</summary>
    /// <param name="query">Which: <c>denied=true&amp;domain=3&amp;device=03:00.0&amp;operation=write</c>, values escaped; empty for all.</param>
    /// <param name="cancellationToken">Gives up; the stream is read under a token of its own.</param>
    /// <returns>A trace from its header on, which ends with the daemon; disposing it hangs up.</returns>
    public async Task<Stream> TraceAsync(string query, CancellationToken cancellationToken)
    {
        try
        {
            string path = $"{ControlPaths.Version}trace{(query.Length == 0 ? string.Empty : "?" + query)}";
            (int status, Stream body) = await HttpExchange.OpenAsync(socket, path, IsTrusted, cancellationToken).ConfigureAwait(false);
            if (status is >= 200 and < 300)
            {
                return body;
            }

            await using (body.ConfigureAwait(false))
            {
                using MemoryStream answer = new();
                await body.CopyToAsync(answer, cancellationToken).ConfigureAwait(false);
                throw ProblemOf(status, answer.ToArray());
            }
        }
        catch (SocketException failure)
        {
            throw Unreachable(failure);
        }
        catch (InvalidDataException failure)
        {
            throw new DaemonUnreachableException($"no daemon answers at {socket}: {failure.Message}", failure);
        }
    }

    private static string DevicesOf(string domain) => $"domains/{Uri.EscapeDataString(domain)}/devices";

    private Task<T> Get<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) => Send("GET", path, null, type, cancellationToken);

    private async Task<T> Send<T>(string method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        byte[] answer = await Send(method, path, body, cancellationToken).ConfigureAwait(false);
        return ReadAnswer(answer, type);
    }

    private T ReadAnswer<T>(byte[] answer, JsonTypeInfo<T> type)
    {
        try
        {
            return ControlAnswers.Read(answer, type) ?? throw new JsonException("null");
        }
        catch (JsonException other)
        {
            throw new BackendException(BackendFailure.Failed, $"the daemon at {socket} is of another version: its answer was not understood", other);
        }
    }

    private async Task<byte[]> Send(string method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        (int status, byte[] answer) = await Exchange(method, path, body, Patience, cancellationToken).ConfigureAwait(false);
        return status is >= 200 and < 300 ? answer : throw ProblemOf(status, answer);
    }

    private async Task<(int Status, byte[] Answer)> Exchange(
        string method, string path, byte[]? body, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        clock.CancelAfter(patience);
        try
        {
            return await HttpExchange.RunAsync(socket, method, ControlPaths.Version + path, body, IsTrusted, clock.Token).ConfigureAwait(false);
        }
        catch (SocketException failure)
        {
            throw Unreachable(failure);
        }
        catch (InvalidDataException failure)
        {
            throw new DaemonUnreachableException($"no daemon answers at {socket}: {failure.Message}", failure);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BackendException(BackendFailure.Failed, $"the daemon at {socket} did not answer within {patience.TotalMinutes:0} minutes", late);
        }
    }

    private BackendException ProblemOf(int status, byte[] answer)
    {
        try
        {
            if (ControlAnswers.Read(answer, ControlAnswers.Types.ControlProblem) is { } problem)
            {
                return new(problem.ToFailure(), problem.Message);
            }
        }
        catch (JsonException)
        {
            // Said below.
        }

        return new(BackendFailure.Failed, $"the daemon at {socket} answered with HTTP status {status} and no reason");
    }

    private DaemonUnreachableException Unreachable(SocketException failure)
    {
        string why = failure.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "nobody listens there; the daemon has ended",
            SocketError.AccessDenied => "permission denied; run this as root",
            SocketError.ConnectionReset or SocketError.Shutdown => "it hung up; the daemon has ended",
            _ => File.Exists(socket) ? failure.Message : "there is no such socket",
        };
        return new($"no daemon answers at {socket}: {why}", failure);
    }
}
