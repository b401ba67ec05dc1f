namespace PciBackFlow.Stages.Connections;

/// <summary>How a guest is told that its answer is in the page. Called by the guest's shard.</summary>
public interface IGuestNotifier
{
    /// <summary>Signals the guest's event channel once. Never throws, blocks or allocates.</summary>
    /// <returns>Whether there was a channel to signal on; a guest that is gone is no failure.</returns>
    bool Notify();
}
