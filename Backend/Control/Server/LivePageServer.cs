using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// The live page and the status that it reads, and nothing else, on a TCP port of 127.0.0.1. Whoever has a process on this host may ask there, so it tells
/// what it tells to anybody, and changes nothing. Used by one thread: <see cref="StartAsync"/>, <see cref="StopAsync"/>, <see cref="Dispose"/>.
/// </summary>
public sealed class LivePageServer : IDisposable
{
    /// <summary>Connections at a time: a browser has up to six, and uses one or two.</summary>
    public const int MaxConnections = 16;

    private readonly LocalServer _server;
    private readonly SharedStatus _status;

    /// <summary>Makes the server; it listens to nobody yet.</summary>
    /// <param name="port">1 to 65535.</param>
    /// <param name="services">What the status is read from.</param>
    /// <param name="loggers">Where its lines go.</param>
    public LivePageServer(int port, ControlServices services, ILoggerFactory loggers)
    {
        _status = new(new(services));
        _server = new(new IPEndPoint(IPAddress.Loopback, port), loggers, Answer, Limit);
    }

    /// <summary>Answers requests from now on.</summary>
    /// <exception cref="IOException">Another process has the port.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">This process may have no such port.</exception>
    public Task StartAsync() => _server.StartAsync();

    /// <summary>Takes no more requests, and waits for those under way.</summary>
    /// <param name="limit">For how long; what is not done by then is cut off.</param>
    public Task StopAsync(TimeSpan limit) => _server.StopAsync(limit);

    /// <inheritdoc/>
    public void Dispose() => _server.Dispose();

    private static void Limit(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = MaxConnections;

        // None is read.
        limits.MaxRequestBodySize = 0;
    }

    private async Task Answer(HttpContext context)
    {
        if (BrowserRule.Refuse(context.Request, isAnybodys: true) is { } reason)
        {
            await Write(context, StatusCodes.Status403Forbidden, BackendFailure.Refused, reason).ConfigureAwait(false);
        }
        else if (context.Request.Path.Value is not (ControlPaths.LivePage or ControlPaths.Status))
        {
            await Write(
                context, StatusCodes.Status404NotFound, BackendFailure.Malformed,
                $"this port answers {ControlPaths.LivePage} and {ControlPaths.Status} alone").ConfigureAwait(false);
        }
        else if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET";
            await Write(context, StatusCodes.Status405MethodNotAllowed, BackendFailure.Malformed, "this port only answers GET").ConfigureAwait(false);
        }
        else if (context.Request.Path == ControlPaths.LivePage)
        {
            await LivePage.Answer(context).ConfigureAwait(false);
        }
        else
        {
            await Status(context).ConfigureAwait(false);
        }
    }

    private async Task Status(HttpContext context)
    {
        LivePage.Protect(context.Response);
        try
        {
            await _status.Run(context).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is HypervisorException or BackendException or IOException && !context.Response.HasStarted)
        {
            await Write(context, StatusCodes.Status503ServiceUnavailable, BackendFailure.Failed, failure.Message).ConfigureAwait(false);
        }
    }

    private static Task Write(HttpContext context, int status, BackendFailure failure, string message) => ControlGate.Write(
        context, status, ControlGate.ProblemType,
        JsonSerializer.SerializeToUtf8Bytes(new(ControlProblem.NameOf(failure), message), ControlJson.Default.ControlProblem));
}
