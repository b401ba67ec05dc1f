using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Control.Metrics;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// The control API: HTTP/JSON on a Unix socket. Used by one thread: <see cref="StartAsync"/>, <see cref="StopAsync"/>, <see cref="Dispose"/>.
/// </summary>
public sealed class ControlServer : IDisposable
{
    /// <summary>Longest body of a request.</summary>
    public const int MaxBodyBytes = 16 << 10;

    /// <summary>Connections at a time: a person, a script and a collector; a leak of one of them must not grow the daemon.</summary>
    public const int MaxConnections = 32;

    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(2);

    private readonly LocalServer _server;
    private readonly DaemonMeter _meter;

    /// <summary>Makes the server; it listens to nobody yet.</summary>
    /// <param name="socket">The socket's absolute path; nothing lies there.</param>
    /// <param name="services">What its requests act through.</param>
    /// <param name="loggers">Where its lines go.</param>
    /// <param name="limit">How long one request may take; two minutes when null.</param>
    public ControlServer(string socket, ControlServices services, ILoggerFactory loggers, TimeSpan? limit = null)
    {
        ControlGate gate = new(services, limit ?? DefaultLimit, loggers.CreateLogger("Control"));
        RequestDelegate behind = ControlEndpoints.Create(services).Run;
        Run = context => gate.Pass(context, behind);
        _server = new(new UnixDomainSocketEndPoint(socket), loggers, Run, Limit);
        _meter = new(services.Version, services.Sample);
    }

    /// <summary>What is done with a request.</summary>
    internal RequestDelegate Run { get; }

    /// <summary>Answers requests from now on.</summary>
    /// <exception cref="IOException">It can't listen at its socket.</exception>
    public Task StartAsync() => _server.StartAsync();

    /// <summary>Takes no more requests, and waits for those under way.</summary>
    /// <param name="limit">For how long; what is not done by then is cut off.</param>
    public Task StopAsync(TimeSpan limit) => _server.StopAsync(limit);

    /// <inheritdoc/>
    public void Dispose()
    {
        _meter.Dispose();
        _server.Dispose();
    }

    private static void Limit(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = MaxConnections;
        limits.MaxRequestBodySize = MaxBodyBytes;
        limits.MaxRequestBufferSize = MaxBodyBytes * 2;
    }
}
