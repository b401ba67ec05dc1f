using System.Globalization;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>Names of Linux's error numbers (asm-generic/errno-base.h and errno.h) that Xen's drivers answer with.</summary>
internal static class ErrorNames
{
    private static readonly (int Number, string Name)[] Names =
    [
        (1, "EPERM"), (2, "ENOENT"), (3, "ESRCH"), (4, "EINTR"), (5, "EIO"), (6, "ENXIO"), (7, "E2BIG"), (9, "EBADF"),
        (11, "EAGAIN"), (12, "ENOMEM"), (13, "EACCES"), (14, "EFAULT"), (16, "EBUSY"), (17, "EEXIST"), (18, "EXDEV"), (19, "ENODEV"),
        (20, "ENOTDIR"), (21, "EISDIR"), (22, "EINVAL"), (23, "ENFILE"), (24, "EMFILE"), (25, "ENOTTY"), (27, "EFBIG"), (28, "ENOSPC"),
        (30, "EROFS"), (32, "EPIPE"), (33, "EDOM"), (34, "ERANGE"), (38, "ENOSYS"), (39, "ENOTEMPTY"), (61, "ENODATA"), (75, "EOVERFLOW"),
        (95, "EOPNOTSUPP"), (104, "ECONNRESET"), (106, "EISCONN"), (107, "ENOTCONN"), (110, "ETIMEDOUT"), (111, "ECONNREFUSED"),
    ];

    /// <summary>The name of a number; <c>E</c> and the number when it is none of the table's.</summary>
    internal static string Name(int error)
    {
        foreach ((int number, string name) in Names)
        {
            if (number == error)
            {
                return name;
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"E{error}");
    }

    /// <summary>Whether opening failed because there is no such device: no node (ENOENT), or none behind it (ENXIO, ENODEV).</summary>
    internal static bool IsAbsence(int error) => error is 2 or 6 or 19;

    /// <summary>The exception for a number.</summary>
    internal static HypervisorException Exception(int error, string message) => new(Name(error), message);
}
