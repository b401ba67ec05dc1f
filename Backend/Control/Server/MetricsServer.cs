using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Metrics;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// The metrics, and nothing else, on a TCP port of 127.0.0.1, for collectors that know no Unix sockets. Whoever has a process on this host may ask there, so it
/// tells what it tells to anybody. Used by one thread: <see cref="StartAsync"/>, <see cref="StopAsync"/>, <see cref="Dispose"/>.
/// </summary>
public sealed class MetricsServer : IDisposable
{
    /// <summary>Connections at a time.</summary>
    public const int MaxConnections = 8;

    private readonly LocalServer _server;
    private readonly MetricsEndpoint _metrics;

    /// <summary>Makes the server; it listens to nobody yet.</summary>
    /// <param name="port">1 to 65535.</param>
    /// <param name="services">What the metrics are read from.</param>
    /// <param name="loggers">Where its lines go.</param>
    public MetricsServer(int port, ControlServices services, ILoggerFactory loggers)
    {
        _metrics = new(services);
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
        if (context.Request.Path.Value != ControlPaths.Metrics)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
        else if (context.Request.Method != "GET")
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET";
        }
        else
        {
            try
            {
                await _metrics.Run(context).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is HypervisorException or BackendException or IOException && !context.Response.HasStarted)
            {
                await ControlGate.Write(
                    context, StatusCodes.Status503ServiceUnavailable, MetricText.Type, Encoding.UTF8.GetBytes(failure.Message)).ConfigureAwait(false);
            }
        }
    }
}
