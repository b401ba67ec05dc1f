using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Failures;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>The live page and the status that it reads, and nothing else.</summary>
/// <param name="port">1 to 65535.</param>
/// <param name="services">What the status is read from.</param>
/// <param name="loggers">Where its lines go.</param>
public sealed class LivePageServer(int port, ControlServices services, ILoggerFactory loggers) : LoopbackServer(port, MaxConnections, loggers)
{
    /// <summary>Connections at a time: a browser has up to six, and uses one or two.</summary>
    public const int MaxConnections = 16;

    private readonly SharedStatus _status = new(new(services));

    /// <inheritdoc/>
    protected override Task Answer(HttpContext context)
    {
        if (BrowserRule.Refuse(context.Request, isAnybodys: true) is { } reason)
        {
            return ControlGate.Write(context, StatusCodes.Status403Forbidden, BackendFailure.Refused, reason);
        }

        if (context.Request.Path.Value is not (ControlPaths.LivePage or ControlPaths.Status))
        {
            return ControlGate.Write(
                context, StatusCodes.Status404NotFound, BackendFailure.Malformed,
                $"this port answers {ControlPaths.LivePage} and {ControlPaths.Status} alone");
        }

        if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET";
            return ControlGate.Write(context, StatusCodes.Status405MethodNotAllowed, BackendFailure.Malformed, "this port only answers GET");
        }

        if (context.Request.Path == ControlPaths.LivePage)
        {
            return LivePage.Answer(context);
        }

        LivePage.Protect(context.Response);
        return _status.Run(context);
    }

    /// <inheritdoc/>
    protected override Task AnswerUnread(HttpContext context, string reason) =>
        ControlGate.Write(context, StatusCodes.Status503ServiceUnavailable, BackendFailure.Failed, reason);
}
