namespace PciBackFlow.Backend.Xenstore;

/// <summary>The error numbers this backend tells guests and toolstacks (Linux's, which frontends and toolstacks print); positive.</summary>
internal static class Errno
{
    public const int NoEntry = 2;
    public const int NoSuchProcess = 3;
    public const int Io = 5;
    public const int NoDeviceOrAddress = 6;
    public const int PermissionDenied = 13;
    public const int Busy = 16;
    public const int NoDevice = 19;
    public const int InvalidArgument = 22;
    public const int OutOfRange = 34;
    public const int NoData = 61;
    public const int Already = 114;

    /// <summary>The number of an error a hypervisor interface named.</summary>
    public static int FromName(string name) => name switch
    {
        "EPERM" => 1,
        "ENOENT" => NoEntry,
        "ESRCH" => NoSuchProcess,
        "EIO" => Io,
        "ENXIO" => NoDeviceOrAddress,
        "E2BIG" => 7,
        "EAGAIN" => 11,
        "ENOMEM" => 12,
        "EACCES" => PermissionDenied,
        "EFAULT" => 14,
        "EBUSY" => Busy,
        "EEXIST" => 17,
        "ENODEV" => NoDevice,
        "EINVAL" => InvalidArgument,
        "ENOSPC" => 28,
        "EDOM" => 33,
        "ERANGE" => OutOfRange,
        "ENOSYS" => 38,
        "ENODATA" => NoData,
        "EOPNOTSUPP" => 95,
        "EALREADY" => Already,
        _ => Io,
    };
}
