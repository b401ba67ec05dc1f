using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Serving;

/// <summary>An event-channel descriptor as what a shard waits on. Owns the descriptor.</summary>
public sealed class EventChannelReadySource : IReadySource
{
    /// <summary>Wraps a descriptor.</summary>
    /// <param name="channels">The descriptor; disposed with this.</param>
    public EventChannelReadySource(IEventChannels channels) => Channels = channels;

    /// <summary>The descriptor. Binding and unbinding belong to the shard's thread.</summary>
    public IEventChannels Channels { get; }

    /// <inheritdoc/>
    public int Take(Span<int> ports, int timeoutMilliseconds) => Channels.Read(ports, timeoutMilliseconds);

    /// <inheritdoc/>
    public void Unmask(ReadOnlySpan<int> ports) => Channels.Unmask(ports);

    /// <inheritdoc/>
    public void Wake() => Channels.Wake();

    /// <inheritdoc/>
    public void Dispose() => Channels.Dispose();
}
