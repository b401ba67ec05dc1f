using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// <c>GET /v1/trace</c>: requests as they are answered, in the format of a trace file, until the client hangs up or the daemon ends. A client that reads
/// slowly loses records; neither the shards nor other readers wait for it.
/// </summary>
internal sealed class TraceEndpoint(ControlServices services)
{
    private const string Type = "application/vnd.pcibackflow.trace";

    public async Task Run(HttpContext context)
    {
        TraceFilter filter = Filter(context);
        using TraceSubscription trace = services.Traces.Subscribe(filter);
        CancellationToken givenUp = trace.GivenUp;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, givenUp);
        ControlGate.LiftLimit(context);
        try
        {
            await Send(context, trace.Batches, over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (givenUp.IsCancellationRequested)
        {
            // The daemon ends, and what was to be sent finds no room: nobody reads it.
            context.Abort();
        }
    }

    private static async Task Send(HttpContext context, ChannelReader<TraceBatch> batches, CancellationToken over)
    {
        context.Response.ContentType = Type;
        await context.Response.Body.WriteAsync(TraceFormat.Header(Epoch()), over).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(over).ConfigureAwait(false);
        while (await batches.WaitToReadAsync(over).ConfigureAwait(false))
        {
            while (batches.TryRead(out TraceBatch batch))
            {
                try
                {
                    await context.Response.Body.WriteAsync(batch.Records, over).ConfigureAwait(false);
                }
                finally
                {
                    batch.Return();
                }
            }

            await context.Response.Body.FlushAsync(over).ConfigureAwait(false);
        }
    }

    private TraceFilter Filter(HttpContext context)
    {
        string domain = context.Request.Query["domain"].ToString();
        string device = context.Request.Query["device"].ToString();
        string operation = context.Request.Query["operation"].ToString();
        if (operation.Length > 0 && !TraceOperations.All.Contains(operation))
        {
            throw new BackendException(BackendFailure.Malformed, $"operation is {string.Join(", ", TraceOperations.All)}");
        }

        return new(
            ControlEndpoints.Flag(context, "denied"),
            domain.Length == 0 ? null : services.Toolstack.Resolve(domain),
            device.Length == 0 ? null : Host(device),
            operation.Length == 0 ? null : operation);
    }

    private PciAddress Host(string device)
    {
        if (!DeviceSelector.TryParse(device, out DeviceSelector? selector, out int index, out string? reason))
        {
            throw new BackendException(BackendFailure.Malformed, ControlProblem.Pointing($"{DeviceSelector.FaultOf(device)}: {reason}", device, index));
        }

        return selector is AddressSelector { Address: var address } ? address : services.Custody.AddressOf(selector);
    }

    private static long Epoch() =>
        ((DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick)
        - (long)(TimeProvider.System.GetTimestamp() * (1e9 / TimeProvider.System.TimestampFrequency));
}
