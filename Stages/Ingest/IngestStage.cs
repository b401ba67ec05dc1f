using System.Diagnostics;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Ingest;

/// <summary>Looks whether the guest's page holds a request, and copies it once.</summary>
public readonly struct IngestStage : IStage<GuestOperation>
{
    /// <inheritdoc/>
    public static string Name => "ingest";

    /// <inheritdoc/>
    public StageFlow Process(GuestOperation item)
    {
        if (item.Connection is not { } connection)
        {
            return StageFlow.Idle;
        }

        // The read acquires and pairs with the frontend's write barrier between filling op and setting the bit: a set bit means
        // that the request is complete.
        SharedPage page = connection.Page;
        SharedFlags flags = page.ReadFlags();
        if ((flags & SharedFlags.Active) == 0)
        {
            // Only a look that finds no request costs this; after each request there is one that does not.
            return connection.Recovery.IsAwaited && connection.Recovery.Look(flags) ? StageFlow.Aside : StageFlow.Idle;
        }

        page.ReadRequest(out item.Request);

        // The copied code decides, not the page's: a guest that changes it now changes nothing (XSA-155).
        if (item.Request.Command == PciOpCode.EnableMsix)
        {
            page.ReadEntries(ref item.Entries);
        }

        item.Begin();
        if (connection.Trace is { IsOn: true })
        {
            item.BeginTrace(Stopwatch.GetTimestamp());
        }

        return StageFlow.Continue;
    }
}
