namespace PciBackFlow.Hardware.Linux;

/// <summary>Linux's error numbers (asm-generic/errno-base.h and errno.h) that this program gives or is given.</summary>
public static class LinuxError
{
    /// <summary>ENOENT: no such file.</summary>
    public const int NoEntry = 2;

    /// <summary>EINTR: a signal came first.</summary>
    public const int Interrupted = 4;

    /// <summary>EIO.</summary>
    public const int Io = 5;

    /// <summary>EAGAIN: not now.</summary>
    public const int TryAgain = 11;

    /// <summary>ENOMEM.</summary>
    public const int NoMemory = 12;

    /// <summary>EACCES: not in this way.</summary>
    public const int AccessDenied = 13;

    /// <summary>EBUSY.</summary>
    public const int Busy = 16;

    /// <summary>ENODEV.</summary>
    public const int NoDevice = 19;

    /// <summary>EINVAL.</summary>
    public const int InvalidArgument = 22;

    /// <summary>ENOSYS: the call does not exist.</summary>
    public const int NotImplemented = 38;
}
