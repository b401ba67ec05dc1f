using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Stages.Notify;

/// <summary>Signals the guest once for each answer, and for nothing else: a backend must not storm its frontend (XSA-391).</summary>
public readonly struct NotifyStage : IStage<GuestOperation>
{
    /// <inheritdoc/>
    public static string Name => "notify";

    /// <inheritdoc/>
    public StageFlow Process(GuestOperation item)
    {
        item.Connection?.Notifier.Notify();
        return StageFlow.Continue;
    }
}
