namespace PciBackFlow.Stages.Connections;

/// <summary>How a guest is told that its answer is in the page. Called by the guest's shard.</summary>
public interface IGuestNotifier
{
    /// <summary>Signals the guest's event channel once. Does nothing when the guest is gone; never throws, never blocks.</summary>
    void Notify();
}
