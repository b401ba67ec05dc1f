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
/// HTTP for clients of this host, by the framework's own server, which the framework's generic host makes but does not run: its start takes longer than all
/// the rest of the daemon does, and a dozen paths need no routing, with which regular expressions come into the program. (The server alone can be made
/// without the host too; then all of TLS does.) Used by one thread.
/// </summary>
internal sealed class LocalServer : IDisposable
{
    private readonly RequestDelegate _run;
    private readonly IHost _parts;
    private readonly IServer _server;

    /// <summary>Makes the server; it listens to nobody yet.</summary>
    /// <param name="loggers">Where its lines go.</param>
    /// <param name="run">What is done with a request.</param>
    /// <param name="configure">Says where it listens, and to how much.</param>
    public LocalServer(ILoggerFactory loggers, RequestDelegate run, Action<KestrelServerOptions> configure)
    {
        _run = run;
        _parts = new HostBuilder()
            .ConfigureServices(parts => parts.AddSingleton(loggers))
            .ConfigureWebHost(web => web.UseKestrelCore().ConfigureKestrel(options => Configure(options, configure)).Configure(static _ => { }))
            .Build();
        _server = _parts.Services.GetRequiredService<IServer>();
    }

    /// <summary>Answers requests from now on.</summary>
    /// <exception cref="IOException">Somebody else listens there.</exception>
    public Task StartAsync() => _server.StartAsync(new Application(_run), CancellationToken.None);

    /// <summary>Takes no more requests, and waits for those under way.</summary>
    /// <param name="limit">For how long; what is not done by then is cut off.</param>
    public async Task StopAsync(TimeSpan limit)
    {
        using CancellationTokenSource enough = new(limit);
        await _server.StopAsync(enough.Token).ConfigureAwait(false);
    }

    public void Dispose() => _parts.Dispose();

    private static void Configure(KestrelServerOptions options, Action<KestrelServerOptions> further)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestHeadersTotalSize = 8 << 10;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        further(options);
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
