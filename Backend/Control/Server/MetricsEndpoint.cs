using Microsoft.AspNetCore.Http;
using PciBackFlow.Backend.Control.Metrics;

namespace PciBackFlow.Backend.Control.Server;

/// <summary><c>GET /metrics</c>: all metrics as text. No shard waits or notices; requests may run side by side.</summary>
internal sealed class MetricsEndpoint(ControlServices services)
{
    private MetricText? _spare;

    public async Task Run(HttpContext context)
    {
        MetricText text = Interlocked.Exchange(ref _spare, null) ?? new();
        ReadOnlyMemory<byte> body = await ControlEndpoints.Blocking(context, () => text.Write(services.Sample())).ConfigureAwait(false);
        await ControlGate.Write(context, StatusCodes.Status200OK, MetricText.Type, body).ConfigureAwait(false);

        // Only now: what was sent is its room. One that failed half-way is dropped.
        Volatile.Write(ref _spare, text);
    }
}
