using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Benchmarks;

/// <summary>A guest that takes signals and does nothing about them: what a signal costs is not measured.</summary>
internal sealed class DeafGuest : IGuestNotifier
{
    /// <inheritdoc/>
    public bool Notify() => true;
}
