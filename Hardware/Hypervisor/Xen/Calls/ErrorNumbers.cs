namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>Linux's numbers of those errors that are acted upon (asm-generic/errno-base.h, errno.h).</summary>
internal static class ErrorNumbers
{
    internal const int NotPermitted = 1; // EPERM
    internal const int NoDomain = 3; // ESRCH
    internal const int NoAddress = 6; // ENXIO
    internal const int NoAccess = 13; // EACCES
    internal const int Busy = 16; // EBUSY
    internal const int NoDevice = 19; // ENODEV
    internal const int InvalidArgument = 22; // EINVAL
    internal const int TooManyFiles = 23; // ENFILE
    internal const int NoSpace = 28; // ENOSPC
    internal const int NoCall = 38; // ENOSYS
    internal const int NoData = 61; // ENODATA
    internal const int NotSupported = 95; // EOPNOTSUPP
}
