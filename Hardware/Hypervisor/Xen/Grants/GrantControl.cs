using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Grants;

/// <summary>
/// Control requests of <c>/dev/xen/gntdev</c> (Linux include/uapi/xen/gntdev.h): <c>_IOC(_IOC_NONE, 'G', number, size of the argument)</c>,
/// which on x86 and ARM is size × 65536 + 0x4700 + number.
/// </summary>
internal static class GrantControl
{
    /// <summary>IOCTL_GNTDEV_MAP_GRANT_REF: the argument's Index is where to mmap.</summary>
    internal const uint MapReference = 0x0018_4700;

    /// <summary>IOCTL_GNTDEV_UNMAP_GRANT_REF.</summary>
    internal const uint UnmapReference = 0x0010_4701;

    /// <summary>struct ioctl_gntdev_map_grant_ref with its one struct ioctl_gntdev_grant_ref.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 24)]
    internal struct MapArgument
    {
        [FieldOffset(0)]
        internal uint Count;

        [FieldOffset(8)]
        internal ulong Index;

        [FieldOffset(16)]
        internal uint DomainId;

        [FieldOffset(20)]
        internal uint Reference;
    }

    /// <summary>struct ioctl_gntdev_unmap_grant_ref.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    internal struct UnmapArgument
    {
        [FieldOffset(0)]
        internal ulong Index;

        [FieldOffset(8)]
        internal uint Count;
    }
}
