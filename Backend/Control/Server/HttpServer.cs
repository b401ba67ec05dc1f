using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// The framework's HTTP server, which the framework's generic host makes but does not run: that one's start takes longer than all the rest of the daemon
/// does, and a dozen paths need no routing, with which regular expressions come into the program. (The server alone can be made without the host too; then
/// all of TLS does.) It listens nowhere: it gets its connections handed. Started once, and ended once.
/// </summary>
internal sealed class HttpServer : IConnectionListenerFactory, IConnectionListener, IDisposable
{
    // The server takes them at once, and refuses what is beyond its limit itself: so many at a time only a flood makes.
    private const int MostWaiting = 256;

    private readonly Channel<ConnectionContext> _connections = Channel.CreateBounded<ConnectionContext>(MostWaiting);
    private readonly SocketConnectionContextFactory _contexts;
    private readonly RequestDelegate _run;
    private readonly IHost _parts;
    private readonly IServer _server;

    /// <summary>Makes the server; it answers nobody yet.</summary>
    /// <param name="endPoint">Where its connections come from.</param>
    /// <param name="loggers">Where its lines go.</param>
    /// <param name="run">What is done with a request.</param>
    /// <param name="limit">Says how much it listens to.</param>
    public HttpServer(EndPoint endPoint, ILoggerFactory loggers, RequestDelegate run, Action<KestrelServerLimits> limit)
    {
        EndPoint = endPoint;
        _run = run;
        _contexts = new(new(), loggers.CreateLogger<SocketConnectionContextFactory>());
        _parts = new HostBuilder()
            .ConfigureServices(parts => parts.AddSingleton(loggers))
            .ConfigureWebHost(web => web.UseKestrelCore().ConfigureKestrel(options => Configure(options, endPoint, limit)).Configure(static _ => { })
                .ConfigureServices(parts => parts.AddSingleton<IConnectionListenerFactory>(this)))
            .Build();
        _server = _parts.Services.GetRequiredService<IServer>();
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <summary>Answers requests from now on.</summary>
    public Task StartAsync() => _server.StartAsync(new Application(_run), CancellationToken.None);

    /// <summary>Answers what comes over a connection.</summary>
    /// <param name="socket">The connection, which is the server's from now on.</param>
    /// <param name="closed">Called once, when it is no more.</param>
    public void Hand(Socket socket, Action closed)
    {
        ConnectionContext connection = _contexts.Create(socket);
        connection.ConnectionClosed.UnsafeRegister(static after => ((Action)after!)(), closed);
        if (!_connections.Writer.TryWrite(connection))
        {
            // It takes no more, or not so many at once.
            connection.Abort();
        }
    }

    /// <summary>Takes no more requests, and waits for those under way.</summary>
    /// <param name="enough">What is not done by then is cut off.</param>
    public Task StopAsync(CancellationToken enough) => _server.StopAsync(enough);

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _connections.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false) && _connections.Reader.TryRead(out ConnectionContext? connection)
            ? connection
            : null;

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _connections.Writer.TryComplete();
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;

    /// <inheritdoc/>
    public void Dispose()
    {
        _parts.Dispose();
        _contexts.Dispose();
    }

    private static void Configure(KestrelServerOptions options, EndPoint endPoint, Action<KestrelServerLimits> limit)
    {
        options.Listen(endPoint);
        options.AddServerHeader = false;
        options.Limits.MaxRequestHeadersTotalSize = 8 << 10;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        limit(options.Limits);
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
