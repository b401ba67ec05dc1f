using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Respond;

/// <summary>Writes the answer, if the guest still waits for it, and ends the request.</summary>
public readonly struct RespondStage : IStage<GuestOperation>
{
    /// <inheritdoc/>
    public static string Name => "respond";

    /// <inheritdoc/>
    public StageFlow Process(GuestOperation item)
    {
        if (item.Connection is not { } connection)
        {
            return StageFlow.Idle;
        }

        // A frontend gives up after two seconds, and may have posted its next request since: answering now would put this result under
        // that request and end it unserved. The protocol has no sequence number, so the look narrows the race to a few
        // instructions; it can't close it. What is active now is a fresh request for the shard's next look.
        SharedPage page = connection.Page;
        if (!page.StillHolds(item.Request))
        {
            connection.Counters.CountLate(item);
            item.GiveBack(connection);
            if (item.TracedSince != 0)
            {
                item.WriteTrace(connection, isLate: true);
            }

            return StageFlow.Idle;
        }

        if (!item.IsConfigAccess)
        {
            item.NoteMessages();
        }

        // The value last, which of an MSI-X request is the count: killed in the midst of this the daemon leaves a request that the next one can carry out, and
        // a value of 0 says that the vectors are complete.
        for (int i = 0; i < item.VectorCount; i++)
        {
            page.WriteVector(i, item.Entries[i].Vector);
        }

        if (item.Request.Command == PciOpCode.EnableMultiMsi)
        {
            page.WriteInfo(item.Info);
        }

        page.WriteAnswer(item.Status, item.Value);
        connection.Counters.CountAnswer(item);

        // A full fence: the stores above become visible before the cleared bit, which the frontend polls with acquiring reads and
        // then takes the answer; and the shard's next look at the flags comes after it, so that a request posted right
        // after the clearing is seen even if its event was consumed with this one's.
        page.ClearFlags(SharedFlags.Active);
        return StageFlow.Continue;
    }
}
