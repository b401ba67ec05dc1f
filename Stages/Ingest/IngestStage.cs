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
        if ((page.ReadFlags() & SharedFlags.Active) == 0)
        {
            return StageFlow.Idle;
        }

        page.ReadRequest(out item.Request);

        // The copied code decides, not the page's: a guest that changes it now changes nothing (XSA-155).
        if (item.Request.Command == PciOpCode.EnableMsix)
        {
            page.ReadEntries(ref item.Entries);
        }

        item.Begin();
        return StageFlow.Continue;
    }
}
