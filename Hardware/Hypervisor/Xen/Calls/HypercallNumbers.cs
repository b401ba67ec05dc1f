namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>
/// Hypercall and command numbers (xen/include/public: xen.h, version.h, sched.h, physdev.h, domctl.h, sysctl.h), the same from Xen 4.17 to 4.22.
/// </summary>
internal static class HypercallNumbers
{
    internal const uint XenVersion = 17;
    internal const uint SchedOp = 29;
    internal const uint PhysdevOp = 33;
    internal const uint Sysctl = 35;
    internal const uint Domctl = 36;

    // SCHEDOP_* and SHUTDOWN_* (sched.h)
    internal const uint RemoteShutdown = 4;
    internal const uint Crashed = 3;

    // PHYSDEVOP_*
    internal const uint MapPirq = 13;
    internal const uint UnmapPirq = 14;
    internal const uint RestoreMsiExt = 27;
    internal const uint PrepareMsix = 30;
    internal const uint ReleaseMsix = 31;

    // MAP_PIRQ_TYPE_*
    internal const int TypeMsi = 0;
    internal const int TypeGsi = 1;
    internal const int TypeMsiSegment = 3;
    internal const int TypeMultiMsi = 4;

    // XEN_DOMCTL_*
    internal const uint PauseDomain = 3;
    internal const uint UnpauseDomain = 4;
    internal const uint GetDomainInfo = 5;
    internal const uint IrqPermission = 19;
    internal const uint IomemPermission = 20;
    internal const uint IoportPermission = 21;
    internal const uint AssignDevice = 37;
    internal const uint TestAssignDevice = 45;
    internal const uint DeassignDevice = 47;
    internal const uint GetDeviceGroup = 50;

    // XEN_SYSCTL_*
    internal const uint PhysInfo = 3;
    internal const uint GetDomainInfoList = 6;

    /// <summary>DOMID_SELF (xen.h): the calling domain.</summary>
    internal const ushort Self = 0x7FF0;

    /// <summary>DOMID_INVALID (xen.h): of test_assign_device it asks about any guest.</summary>
    internal const ushort InvalidDomain = 0x7FF4;
}
