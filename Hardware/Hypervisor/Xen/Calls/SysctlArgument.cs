using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>struct xen_sysctl (xen/include/public/sysctl.h) with physinfo's and getdomaininfolist's members.</summary>
[StructLayout(LayoutKind.Explicit, Size = 136)]
internal struct SysctlArgument
{
    /// <summary>Where getdomaininfolist has the address of its buffer.</summary>
    internal const int ListBufferAt = 16;

    /// <summary>XEN_SYSCTL_PHYSCAP_directio: an IOMMU is in use.</summary>
    internal const uint DirectIo = 1 << 2;

    [FieldOffset(0)]
    internal uint Command;

    [FieldOffset(4)]
    internal uint InterfaceVersion;

    // struct xen_sysctl_physinfo
    [FieldOffset(36)]
    internal uint Capabilities;

    // struct xen_sysctl_getdomaininfolist
    [FieldOffset(8)]
    internal ushort FirstDomain;

    [FieldOffset(12)]
    internal uint ListCapacity;

    [FieldOffset(24)]
    internal uint ListCount;
}
