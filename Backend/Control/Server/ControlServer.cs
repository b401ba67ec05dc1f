using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// The control API: HTTP/JSON on a Unix socket, by the framework's own server, which the framework's generic host makes but does not run: its start takes
/// longer than all the rest of the daemon does, and a dozen paths need no routing, with which regular expressions come into the program. (The server alone can
/// be made without the host too; then all of TLS does.) Used by one thread: <see cref="StartAsync"/>, <see cref="StopAsync"/>, <see cref="Dispose"/>.
/// </summary>
public sealed class ControlServer : IDisposable
{
    /// <summary>Longest body of a request.</summary>
    public const int MaxBodyBytes = 16 << 10;

    /// <summary>Connections at a time: a person, a script and a collector; a leak of one of them must not grow the daemon.</summary>
    public const int MaxConnections = 32;

    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(2);

    private readonly IHost _parts;
    private readonly IServer _server;

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
        _parts = new HostBuilder()
            .ConfigureServices(parts => parts.AddSingleton(loggers))
            .ConfigureWebHost(web => web.UseKestrelCore().ConfigureKestrel(options => Configure(options, socket)).Configure(static _ => { }))
            .Build();
        _server = _parts.Services.GetRequiredService<IServer>();
    }

    /// <summary>What is done with a request.</summary>
    internal RequestDelegate Run { get; }

    /// <summary>Answers requests from now on.</summary>
    /// <exception cref="IOException">It can't listen at its socket.</exception>
    public Task StartAsync() => _server.StartAsync(new Application(Run), CancellationToken.None);

    /// <summary>Takes no more requests, and waits for those under way.</summary>
    /// <param name="limit">For how long; what is not done by then is cut off.</param>
    public async Task StopAsync(TimeSpan limit)
    {
        using CancellationTokenSource enough = new(limit);
        await _server.StopAsync(enough.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _parts.Dispose();

    private static void Configure(KestrelServerOptions options, string socket)
    {
        options.AddServerHeader = false;
        options.ListenUnixSocket(socket);
        options.Limits.MaxConcurrentConnections = MaxConnections;
        options.Limits.MaxRequestBodySize = MaxBodyBytes;
        options.Limits.MaxRequestBufferSize = MaxBodyBytes * 2;
        options.Limits.MaxRequestHeadersTotalSize = 8 << 10;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
    }

    private sealed class Application(RequestDelegate run) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => run(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
