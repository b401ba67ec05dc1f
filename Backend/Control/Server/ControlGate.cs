using System.Text.Json;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Text;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>What every request passes: who asks, for which version; and whatever goes wrong behind it becomes a problem document.</summary>
internal sealed partial class ControlGate(ControlServices services, TimeSpan limit, ILogger logger)
{
    public const string ProblemType = "application/problem+json";

    public async Task Pass(HttpContext context, RequestDelegate next)
    {
        (int status, ControlProblem? problem) = Refuse(context);
        if (problem is not null)
        {
            await Write(context, status, problem).ConfigureAwait(false);
            return;
        }

        // One clock over everything that a request does: a client that is gone ends it as well.
        CancellationToken gone = context.RequestAborted;
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(gone);
        clock.CancelAfter(limit);
        context.RequestAborted = clock.Token;
        context.Items[typeof(ControlGate)] = clock;
        try
        {
            await next(context).ConfigureAwait(false);
            (status, problem) = context.Response.HasStarted ? (0, null) : Unanswered(context);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            return;
        }
        catch (Exception failure)
        {
            (status, problem) = Describe(failure);
        }
        finally
        {
            // The clock may have stopped the request: its problem is written without it.
            context.RequestAborted = gone;
        }

        if (problem is not null && !context.Response.HasStarted)
        {
            await Write(context, status, problem).ConfigureAwait(false);
        }
    }

    /// <summary>For a request that goes on until its client is gone or the daemon ends.</summary>
    public static void LiftLimit(HttpContext context)
    {
        if (context.Items[typeof(ControlGate)] is CancellationTokenSource clock)
        {
            clock.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Answers in one piece of known length: a client can tell a whole answer from one that was cut off.</summary>
    public static Task Write(HttpContext context, int status, string type, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Answers why something did not happen, as a problem document.</summary>
    public static Task Write(HttpContext context, int status, BackendFailure failure, string message) => Write(context, status, Problem(failure, message));

    /// <summary>Somebody's word as it may stand in a message.</summary>
    public static string Shown(string text) => ForeignText.Shown(text, limit: 64);

    private static Task Write(HttpContext context, int status, ControlProblem problem) =>
        Write(context, status, ProblemType, JsonSerializer.SerializeToUtf8Bytes(problem, ControlJson.Default.ControlProblem));

    private (int Status, ControlProblem? Problem) Refuse(HttpContext context)
    {
        uint? user = context.Features.Get<IConnectionSocketFeature>() is { } connection ? PeerCredentials.UserOf(connection.Socket) : null;
        if (user is not { } known || !services.IsAllowed(known))
        {
            LogRefused(user is { } other ? $"user {other}" : "a peer without credentials");
            return (StatusCodes.Status403Forbidden, Problem(BackendFailure.Refused, "only root and the daemon's own user may use the control API"));
        }

        if (BrowserRule.Refuse(context.Request) is { } reason)
        {
            return (StatusCodes.Status403Forbidden, Problem(BackendFailure.Refused, reason));
        }

        string path = context.Request.Path.Value ?? string.Empty;
        return path.StartsWith(ControlPaths.Version, StringComparison.Ordinal) || path is ControlPaths.Metrics or ControlPaths.LivePage
            ? default
            : (StatusCodes.Status404NotFound, Problem(
                BackendFailure.Malformed,
                $"'{Shown(path)}' is not of this daemon's API: its paths begin with {ControlPaths.Version}, but for {ControlPaths.Metrics} and "
                + ControlPaths.LivePage));
    }

    private static (int Status, ControlProblem? Problem) Unanswered(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => (404, Problem(BackendFailure.Malformed, $"the API has no '{Shown(context.Request.Path.Value ?? string.Empty)}'")),
        StatusCodes.Status405MethodNotAllowed => (405, Problem(
            BackendFailure.Malformed, $"'{Shown(context.Request.Path.Value ?? string.Empty)}' has no {Shown(context.Request.Method)}")),
        _ => default,
    };

    private (int Status, ControlProblem Problem) Describe(Exception failure)
    {
        switch (failure)
        {
            case BackendException told:
                int status = told.Failure switch
                {
                    BackendFailure.Malformed => StatusCodes.Status400BadRequest,
                    BackendFailure.Refused => StatusCodes.Status403Forbidden,
                    _ => StatusCodes.Status422UnprocessableEntity,
                };
                return (status, Problem(told.Failure, told.Message));
            case BadHttpRequestException bad when bad.StatusCode == StatusCodes.Status413PayloadTooLarge:
                return (bad.StatusCode, Problem(BackendFailure.Malformed, $"the request is longer than {ControlServer.MaxBodyBytes} bytes"));
            case BadHttpRequestException bad:
                return (bad.StatusCode, Problem(BackendFailure.Malformed, bad.Message));
            case JsonException bad:
                return (
                    StatusCodes.Status400BadRequest,
                    Problem(BackendFailure.Malformed, $"the request's body is not what is expected here: {FirstSentence(bad.Message)}"));
            case OperationCanceledException or TimeoutException:
                return (StatusCodes.Status504GatewayTimeout, Problem(
                    BackendFailure.Failed, $"not done after {limit.TotalSeconds:0} s; status shows whether it goes on"));
            case HypervisorException hypervisor:
                return (StatusCodes.Status422UnprocessableEntity, Problem(BackendFailure.Failed, hypervisor.Message));
            case IOException or UnauthorizedAccessException:
                return (StatusCodes.Status422UnprocessableEntity, Problem(BackendFailure.Failed, failure.Message));
            default:
                LogDefect(failure.GetType().Name, failure.Message, failure);
                return (StatusCodes.Status500InternalServerError, Problem(
                    BackendFailure.Failed, $"{failure.GetType().Name}: {failure.Message} (a defect of the daemon; its log has more)"));
        }
    }

    private static ControlProblem Problem(BackendFailure failure, string message) => new(ControlProblem.NameOf(failure), message);

    // The serializer appends where it was in terms of its own ("Path: $ | LineNumber: 0 | …").
    private static string FirstSentence(string message)
    {
        int place = message.IndexOf(" Path: ", StringComparison.Ordinal);
        return place < 0 ? message : message[..place];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "control: a request of {Peer} was refused")]
    private partial void LogRefused(string peer);

    [LoggerMessage(Level = LogLevel.Error, Message = "control: a request failed with {Type}: {Reason}")]
    private partial void LogDefect(string type, string reason, Exception failure);
}
