namespace PciBackFlow.Hardware.Linux;

/// <summary>
/// Error numbers: Linux's (uapi/asm-generic/errno-base.h, errno.h) and Xen's (xen/include/public/errno.h), which agree wherever both declare a name. The
/// members keep the headers' names, because those are what logs print, manuals list and xenstored answers with (<see cref="ErrnoNames"/>). All of Xen's are
/// here, and those of Linux that the devices, sockets and files used here fail with; another number is a valid value without a name.
/// </summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>The operation is not permitted.</summary>
    EPERM = 1,

    /// <summary>There is no such file, node or entry.</summary>
    ENOENT = 2,

    /// <summary>There is no such process; of Xen: no such domain.</summary>
    ESRCH = 3,

    /// <summary>A signal came first.</summary>
    EINTR = 4,

    /// <summary>Input or output failed.</summary>
    EIO = 5,

    /// <summary>There is no such device or address.</summary>
    ENXIO = 6,

    /// <summary>The arguments are too long.</summary>
    E2BIG = 7,

    /// <summary>The file is no program.</summary>
    ENOEXEC = 8,

    /// <summary>The descriptor is not open.</summary>
    EBADF = 9,

    /// <summary>There is no child process.</summary>
    ECHILD = 10,

    /// <summary>Not now: try again. EWOULDBLOCK is the same number.</summary>
    EAGAIN = 11,

    /// <summary>Memory is short.</summary>
    ENOMEM = 12,

    /// <summary>Access is denied.</summary>
    EACCES = 13,

    /// <summary>The address is bad.</summary>
    EFAULT = 14,

    /// <summary>The device or resource is in use.</summary>
    EBUSY = 16,

    /// <summary>It exists already.</summary>
    EEXIST = 17,

    /// <summary>Both ends must be on one device.</summary>
    EXDEV = 18,

    /// <summary>There is no such device.</summary>
    ENODEV = 19,

    /// <summary>It is no directory.</summary>
    ENOTDIR = 20,

    /// <summary>It is a directory.</summary>
    EISDIR = 21,

    /// <summary>An argument is invalid.</summary>
    EINVAL = 22,

    /// <summary>The system's table of open files is full.</summary>
    ENFILE = 23,

    /// <summary>The process has too many open files.</summary>
    EMFILE = 24,

    /// <summary>The device has no such control.</summary>
    ENOTTY = 25,

    /// <summary>The file is too large.</summary>
    EFBIG = 27,

    /// <summary>There is no space left.</summary>
    ENOSPC = 28,

    /// <summary>The file system is read-only.</summary>
    EROFS = 30,

    /// <summary>There are too many links.</summary>
    EMLINK = 31,

    /// <summary>Nobody reads the pipe.</summary>
    EPIPE = 32,

    /// <summary>An argument is outside a function's domain.</summary>
    EDOM = 33,

    /// <summary>The result cannot be represented.</summary>
    ERANGE = 34,

    /// <summary>It would deadlock.</summary>
    EDEADLK = 35,

    /// <summary>The name is too long.</summary>
    ENAMETOOLONG = 36,

    /// <summary>No record lock is left.</summary>
    ENOLCK = 37,

    /// <summary>There is no such call.</summary>
    ENOSYS = 38,

    /// <summary>The directory is not empty.</summary>
    ENOTEMPTY = 39,

    /// <summary>There are too many symbolic links.</summary>
    ELOOP = 40,

    /// <summary>The request's code is invalid.</summary>
    EBADRQC = 56,

    /// <summary>The slot is invalid.</summary>
    EBADSLT = 57,

    /// <summary>There is no data.</summary>
    ENODATA = 61,

    /// <summary>The timer has expired.</summary>
    ETIME = 62,

    /// <summary>The protocol is broken.</summary>
    EPROTO = 71,

    /// <summary>It is no data message.</summary>
    EBADMSG = 74,

    /// <summary>The value is too large for its type.</summary>
    EOVERFLOW = 75,

    /// <summary>The byte sequence is illegal.</summary>
    EILSEQ = 84,

    /// <summary>The interrupted call is to be made again.</summary>
    ERESTART = 85,

    /// <summary>There are too many users.</summary>
    EUSERS = 87,

    /// <summary>It is no socket.</summary>
    ENOTSOCK = 88,

    /// <summary>The message is too long.</summary>
    EMSGSIZE = 90,

    /// <summary>The operation is not supported.</summary>
    EOPNOTSUPP = 95,

    /// <summary>The address is in use already.</summary>
    EADDRINUSE = 98,

    /// <summary>The address cannot be had.</summary>
    EADDRNOTAVAIL = 99,

    /// <summary>The other side reset the connection.</summary>
    ECONNRESET = 104,

    /// <summary>There is no buffer space.</summary>
    ENOBUFS = 105,

    /// <summary>It is connected already.</summary>
    EISCONN = 106,

    /// <summary>It is not connected.</summary>
    ENOTCONN = 107,

    /// <summary>The connection was shut down.</summary>
    ESHUTDOWN = 108,

    /// <summary>There are too many references.</summary>
    ETOOMANYREFS = 109,

    /// <summary>The time has run out.</summary>
    ETIMEDOUT = 110,

    /// <summary>The connection was refused.</summary>
    ECONNREFUSED = 111,

    /// <summary>It is under way, or done, already.</summary>
    EALREADY = 114,

    /// <summary>The operation was cancelled.</summary>
    ECANCELED = 125,
}
