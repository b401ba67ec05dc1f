using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;

/// <summary>
/// Control requests of <c>/dev/xen/evtchn</c> (Linux include/uapi/xen/evtchn.h): <c>_IOC(_IOC_NONE, 'E', number, size of the argument)</c>,
/// which on x86 and ARM is size × 65536 + 0x4500 + number.
/// </summary>
internal static class EventChannelControl
{
    /// <summary>IOCTL_EVTCHN_BIND_INTERDOMAIN: answers the local port.</summary>
    internal const uint BindInterdomain = 0x0008_4501;

    /// <summary>IOCTL_EVTCHN_BIND_UNBOUND_PORT: answers the local port.</summary>
    internal const uint BindUnboundPort = 0x0004_4502;

    /// <summary>IOCTL_EVTCHN_UNBIND.</summary>
    internal const uint Unbind = 0x0004_4503;

    /// <summary>IOCTL_EVTCHN_NOTIFY.</summary>
    internal const uint Notify = 0x0004_4504;

    /// <summary>IOCTL_EVTCHN_RESET: drops what is queued and the overflow.</summary>
    internal const uint Reset = 0x0000_4505;

    /// <summary>DOMID_SELF (xen/include/public/xen.h): the calling domain.</summary>
    internal const uint Self = 0x7FF0;

    /// <summary>Bytes that one read or write takes at most: a page (drivers/xen/evtchn.c).</summary>
    internal const int MostBytes = 4096;

    /// <summary>struct ioctl_evtchn_bind_interdomain.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 8)]
    internal struct InterdomainArgument
    {
        [FieldOffset(0)]
        internal uint RemoteDomain;

        [FieldOffset(4)]
        internal uint RemotePort;
    }

    /// <summary>struct ioctl_evtchn_bind_unbound_port.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 4)]
    internal struct UnboundPortArgument
    {
        [FieldOffset(0)]
        internal uint RemoteDomain;
    }

    /// <summary>struct ioctl_evtchn_unbind and struct ioctl_evtchn_notify.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 4)]
    internal struct PortArgument
    {
        [FieldOffset(0)]
        internal uint Port;
    }
}
