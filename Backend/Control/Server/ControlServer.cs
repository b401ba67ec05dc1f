using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// The control API: HTTP/JSON on a Unix socket, by the framework's own server. The host's builder gets the server, its application the paths.
/// </summary>
public static class ControlServer
{
    /// <summary>Longest body of a request.</summary>
    public const int MaxBodyBytes = 16 << 10;

    /// <summary>Connections at a time: a person, a script and a collector; a leak of one of them must not grow the daemon.</summary>
    public const int MaxConnections = 32;

    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(2);

    /// <summary>Adds the server.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="socket">The socket's absolute path; nothing lies there.</param>
    public static void AddTo(WebApplicationBuilder builder, string socket)
    {
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.ListenUnixSocket(socket);
            options.Limits.MaxConcurrentConnections = MaxConnections;
            options.Limits.MaxRequestBodySize = MaxBodyBytes;
            options.Limits.MaxRequestBufferSize = MaxBodyBytes * 2;
            options.Limits.MaxRequestHeadersTotalSize = 8 << 10;
            options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        });
    }

    /// <summary>Adds the paths.</summary>
    /// <param name="application">The host.</param>
    /// <param name="services">What they act through.</param>
    /// <param name="limit">How long one request may take; two minutes when null.</param>
    public static void Map(WebApplication application, ControlServices services, TimeSpan? limit = null)
    {
        ILogger logger = application.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Control");
        ControlGate gate = new(services, limit ?? DefaultLimit, logger);
        application.Use(gate.Pass);
        application.UseRouting();
        ControlEndpoints.Map(application, services);
    }
}
