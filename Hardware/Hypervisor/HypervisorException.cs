namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>A hypervisor or xenstore request was refused.</summary>
public sealed class HypervisorException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="errno">The error's name as the interface reports it, e.g. <c>ENOENT</c>.</param>
    /// <param name="message">What was asked for, in words a person can act on.</param>
    public HypervisorException(string errno, string message)
        : base($"{message} ({errno})") => Errno = errno;

    /// <summary>The error's name, e.g. <c>ENOENT</c>, <c>EACCES</c>.</summary>
    public string Errno { get; }
}
