using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>A hypervisor or xenstore request was refused.</summary>
public sealed class HypervisorException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="errno">The error the interface reports.</param>
    /// <param name="message">What was asked for, in words a person can act on.</param>
    public HypervisorException(Errno errno, string message)
        : base($"{message} ({errno.Name()})") => Errno = errno;

    /// <summary>The error the interface reported.</summary>
    public Errno Errno { get; }
}
