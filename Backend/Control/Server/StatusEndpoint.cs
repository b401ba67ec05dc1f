using System.Text.Json;
using Microsoft.AspNetCore.Http;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Guests;

namespace PciBackFlow.Backend.Control.Server;

/// <summary><c>GET /v1/status</c>: everything at a glance. Requests may run side by side.</summary>
internal sealed class StatusEndpoint(ControlServices services)
{
    private const string Type = "application/json";

    public async Task Run(HttpContext context) => await Write(context, await ReadAsync().ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>Answers with a status that has been read.</summary>
    public static Task Write(HttpContext context, byte[] status) => ControlGate.Write(context, StatusCodes.Status200OK, Type, status);

    /// <summary>The status as it is now, as JSON. Each shard is asked whether it answers; reads the host's files.</summary>
    public async Task<byte[]> ReadAsync()
    {
        IReadOnlyList<GuestSnapshot> guests = services.Guests();
        StatusReport report = new(
            services.Daemon(),
            await services.ShardsAsync(guests).ConfigureAwait(false),
            services.Counters(),
            [.. guests.Select(guest => GuestReport.Of(guest, services.NameOf(guest.DomainId)))],
            services.Held(),
            services.Errors(),
            services.Configuration());
        return JsonSerializer.SerializeToUtf8Bytes(report, ControlJson.Default.StatusReport);
    }
}
