using System.Globalization;
using Microsoft.AspNetCore.Http;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// <c>GET /v1/profile</c>: looks for some seconds at where the time of guests' requests goes, then answers. A client that hangs up ends it;
/// <c>DELETE /v1/profile/ID</c> ends it early, and the first is answered with what there is. The id is the first's, so that nobody ends the profile that
/// another client has begun meanwhile.
/// </summary>
internal sealed class ProfileEndpoint(ControlServices services)
{
    private const double UsualSeconds = 10;
    private const int UsualInterval = 16;
    private const int LongestId = 64;

    public async Task Take(HttpContext context)
    {
        var time = TimeSpan.FromSeconds(Number(context, "seconds", RequestProfiler.LeastSeconds, RequestProfiler.MostSeconds, UsualSeconds));
        int every = (int)Number(context, "every", 1, EngineOptions.MostSampleEvery, UsualInterval);
        int? domain = context.Request.Query["domain"].ToString() is { Length: > 0 } word ? Guest(word) : null;
        string id = Id(context);
        RequestProfiler profiler = services.Profiler ?? throw new BackendException(BackendFailure.Failed, "nobody is served here");
        ControlGate.LiftLimit(context);
        RequestProfile profile = await profiler.TakeAsync(id, domain, time, every, context.RequestAborted).ConfigureAwait(false);
        await ControlEndpoints.Answer(context, profile, ControlJson.Default.RequestProfile).ConfigureAwait(false);
    }

    public Task End(HttpContext context)
    {
        string id = (string)context.Request.RouteValues[ControlPaths.ProfileId]!;
        if (services.Profiler?.End(id) == true)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        return ControlGate.Write(
            context, StatusCodes.Status404NotFound, BackendFailure.Failed,
            $"no profile '{ControlGate.Shown(id)}' is being taken\n  It is over, and who asked for it has its answer, or has not begun yet: then ask again.");
    }

    // Who gives none does not mean to end it by a word; a number would be another's to guess.
    private static string Id(HttpContext context) => context.Request.Query[ControlPaths.ProfileId].ToString() switch
    {
        "" => Guid.NewGuid().ToString("N"),
        { Length: <= LongestId } id when id.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter == '-') => id,
        _ => throw new BackendException(
            BackendFailure.Malformed, string.Create(CultureInfo.InvariantCulture, $"id is up to {LongestId} letters, digits and '-'")),
    };

    // A domain that has no device here would be looked at in vain.
    private int Guest(string word)
    {
        int domain = services.Toolstack.Resolve(word);
        return services.Guests().Any(guest => guest.DomainId == domain)
            ? domain
            : throw new BackendException(
                BackendFailure.Failed, $"domain {domain} has no device of this daemon's\n  pcibackflow status shows the guests that have one.");
    }

    private static double Number(HttpContext context, string name, double least, double most, double usual)
    {
        string text = context.Request.Query[name].ToString();
        return text.Length == 0 ? usual
            : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number >= least && number <= most
            ? number
            : throw new BackendException(
                BackendFailure.Malformed, string.Create(CultureInfo.InvariantCulture, $"{name} is a number from {least} to {most}"));
    }
}
