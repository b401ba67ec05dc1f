using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// Some of what the daemon knows, on a TCP port of 127.0.0.1. Whoever has a process on this host may ask there, so it tells what it tells to anybody, and
/// changes nothing. Used by one thread: <see cref="StartAsync"/>, <see cref="StopAsync"/>, <see cref="Dispose"/>.
/// </summary>
public abstract class LoopbackServer : IDisposable
{
    private readonly LocalServer _server;

    /// <summary>Makes the server; it listens to nobody yet.</summary>
    /// <param name="port">1 to 65535.</param>
    /// <param name="connections">How many there may be at a time.</param>
    /// <param name="loggers">Where its lines go.</param>
    protected LoopbackServer(int port, int connections, ILoggerFactory loggers) =>
        _server = new(new IPEndPoint(IPAddress.Loopback, port), loggers, Run, limits => Limit(limits, connections));

    /// <summary>Answers requests from now on.</summary>
    /// <exception cref="IOException">Another process has the port.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">This process may have no such port.</exception>
    public Task StartAsync() => _server.StartAsync();

    /// <summary>Takes no more requests, and waits for those under way.</summary>
    /// <param name="limit">For how long; what is not done by then is cut off.</param>
    public Task StopAsync(TimeSpan limit) => _server.StopAsync(limit);

    /// <inheritdoc/>
    public void Dispose()
    {
        _server.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Answers a request. Any thread.</summary>
    /// <param name="context">The request.</param>
    protected abstract Task Answer(HttpContext context);

    /// <summary>Answers a request for something that could not be read just now.</summary>
    /// <param name="context">The request.</param>
    /// <param name="reason">Why not.</param>
    protected abstract Task AnswerUnread(HttpContext context, string reason);

    private static void Limit(KestrelServerLimits limits, int connections)
    {
        limits.MaxConcurrentConnections = connections;

        // None is read.
        limits.MaxRequestBodySize = 0;
    }

    private async Task Run(HttpContext context)
    {
        try
        {
            await Answer(context).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is HypervisorException or BackendException or IOException && !context.Response.HasStarted)
        {
            await AnswerUnread(context, failure.Message).ConfigureAwait(false);
        }
    }
}
