using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Stages.Notify;

/// <summary>
/// Signals the guest once for each answer, and for nothing else: a backend must not storm its frontend (XSA-391). A signal that could not be sent
/// is counted: the guest that waits for it sees its answer only when it looks by itself.
/// </summary>
public readonly struct NotifyStage : IStage<GuestOperation>
{
    /// <inheritdoc/>
    public static string Name => "notify";

    /// <inheritdoc/>
    public StageFlow Process(GuestOperation item)
    {
        if (item.Connection is not { } connection)
        {
            return StageFlow.Continue;
        }

        if (!connection.Notifier.Notify())
        {
            connection.Counters.CountNotifyFailure();
        }

        if (item.TracedSince != 0)
        {
            // Last: the guest does not wait for its record.
            item.WriteTrace(connection);
        }

        return StageFlow.Continue;
    }
}
