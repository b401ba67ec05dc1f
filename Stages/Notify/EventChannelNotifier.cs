using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Stages.Notify;

/// <summary>Notifies through a bound port.</summary>
/// <param name="channels">The descriptor the port is bound on.</param>
/// <param name="port">The local port.</param>
public sealed class EventChannelNotifier(IEventChannels channels, int port) : IGuestNotifier
{
    /// <summary>The local port.</summary>
    public int Port => port;

    /// <inheritdoc/>
    public bool Notify() => channels.Notify(port);
}
