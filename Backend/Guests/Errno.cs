namespace PciBackFlow.Backend.Guests;

/// <summary>The error numbers this backend writes into error nodes (Linux's, which frontends and toolstacks print).</summary>
internal static class Errno
{
    public const int NoEntry = 2;
    public const int Io = 5;
    public const int PermissionDenied = 13;
    public const int InvalidArgument = 22;

    /// <summary>The number of an error a hypervisor interface named.</summary>
    public static int FromName(string name) => name switch
    {
        "EPERM" => 1,
        "ENOENT" => NoEntry,
        "EIO" => Io,
        "E2BIG" => 7,
        "EAGAIN" => 11,
        "ENOMEM" => 12,
        "EACCES" => PermissionDenied,
        "EFAULT" => 14,
        "EBUSY" => 16,
        "EEXIST" => 17,
        "ENODEV" => 19,
        "EINVAL" => InvalidArgument,
        "ENOSPC" => 28,
        _ => Io,
    };
}
