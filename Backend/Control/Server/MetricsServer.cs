using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Metrics;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>The metrics, and nothing else, for collectors that know no Unix sockets.</summary>
/// <param name="port">1 to 65535.</param>
/// <param name="services">What the metrics are read from.</param>
/// <param name="loggers">Where its lines go.</param>
public sealed class MetricsServer(int port, ControlServices services, ILoggerFactory loggers) : LoopbackServer(port, MaxConnections, loggers)
{
    /// <summary>Connections at a time.</summary>
    public const int MaxConnections = 8;

    private readonly MetricsEndpoint _metrics = new(services);

    /// <inheritdoc/>
    protected override Task Answer(HttpContext context)
    {
        if (context.Request.Path.Value != ControlPaths.Metrics)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        if (context.Request.Method != "GET")
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET";
            return Task.CompletedTask;
        }

        return _metrics.Run(context);
    }

    /// <inheritdoc/>
    protected override Task AnswerUnread(HttpContext context, string reason) =>
        ControlGate.Write(context, StatusCodes.Status503ServiceUnavailable, MetricText.Type, Encoding.UTF8.GetBytes(reason));
}
