using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>struct evtchn_status (xen/include/public/event_channel.h), with the part that is of a channel between domains.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct ChannelStatusArgument
{
    [FieldOffset(0)]
    internal ushort Domain;

    [FieldOffset(4)]
    internal uint Port;

    /// <summary>EVTCHNSTAT_*.</summary>
    [FieldOffset(8)]
    internal uint Status;

    [FieldOffset(12)]
    internal uint Processor;

    [FieldOffset(16)]
    internal ushort RemoteDomain;

    [FieldOffset(20)]
    internal uint RemotePort;
}
