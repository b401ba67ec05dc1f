using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>
/// struct xen_domctl (xen/include/public/domctl.h) with those members of its union that a toolstack for PCI devices uses. They lie the same from Xen
/// 4.17 to 4.22; what differs is the interface version, which <see cref="XenInterface"/> has.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 144)]
internal struct DomctlArgument
{
    /// <summary>Where get_device_group has the address of its buffer.</summary>
    internal const int GroupBufferAt = 32;

    /// <summary>Where the union begins; getdomaininfo's answer fills it with a <see cref="DomainInfoRecord"/>.</summary>
    internal const int UnionAt = 16;

    [FieldOffset(0)]
    internal uint Command;

    [FieldOffset(4)]
    internal uint InterfaceVersion;

    [FieldOffset(8)]
    internal ushort Domain;

    // struct xen_domctl_irq_permission
    [FieldOffset(16)]
    internal uint Pirq;

    [FieldOffset(20)]
    internal byte PirqAllowed;

    // struct xen_domctl_iomem_permission
    [FieldOffset(16)]
    internal ulong FirstFrame;

    [FieldOffset(24)]
    internal ulong Frames;

    [FieldOffset(32)]
    internal byte FramesAllowed;

    // struct xen_domctl_ioport_permission
    [FieldOffset(16)]
    internal uint FirstPort;

    [FieldOffset(20)]
    internal uint Ports;

    [FieldOffset(24)]
    internal byte PortsAllowed;

    // struct xen_domctl_assign_device; its device kind at 16 stays 0: XEN_DOMCTL_DEV_PCI
    [FieldOffset(20)]
    internal uint AssignFlags;

    [FieldOffset(24)]
    internal uint AssignFunction;

    // struct xen_domctl_get_device_group
    [FieldOffset(16)]
    internal uint GroupFunction;

    [FieldOffset(20)]
    internal uint GroupCapacity;

    [FieldOffset(24)]
    internal uint GroupCount;
}
