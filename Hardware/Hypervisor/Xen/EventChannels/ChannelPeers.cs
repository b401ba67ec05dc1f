using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;

namespace PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;

/// <summary>What Xen says about who is at the other end of this domain's ports (EVTCHNOP_status).</summary>
/// <param name="xen">The hypercalls; owned by this.</param>
internal sealed class ChannelPeers(IHypercalls xen) : IDisposable
{
    /// <summary>Whether a port of this domain is connected to that port of that domain. False also when Xen refuses the question.</summary>
    /// <param name="port">This domain's.</param>
    /// <param name="domainId">The other domain.</param>
    /// <param name="remotePort">Its port.</param>
    internal bool AreConnected(int port, int domainId, int remotePort)
    {
        var status = new ChannelStatusArgument { Domain = HypercallNumbers.Self, Port = (uint)port };
        int result = xen.EventChannel(HypercallNumbers.ChannelStatus, MemoryMarshal.AsBytes(new Span<ChannelStatusArgument>(ref status)));
        return result >= 0 && status.Status == HypercallNumbers.Interdomain && status.RemoteDomain == domainId && status.RemotePort == (uint)remotePort;
    }

    /// <inheritdoc/>
    public void Dispose() => xen.Dispose();
}
