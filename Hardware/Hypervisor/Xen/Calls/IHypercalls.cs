namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>
/// The hypercalls that take one structure. What Xen writes into it comes back in the span. Thread-safe. Answers are Xen's: 0 or above, or the negative
/// errno.
/// </summary>
internal interface IHypercalls : IDisposable
{
    /// <summary>XENVER_version: what is running.</summary>
    /// <returns>Major version &lt;&lt; 16 | minor version.</returns>
    int Version();

    /// <summary>HYPERVISOR_physdev_op.</summary>
    /// <param name="command">PHYSDEVOP_*.</param>
    /// <param name="argument">Its structure.</param>
    int Physdev(uint command, Span<byte> argument);

    /// <summary>HYPERVISOR_sched_op.</summary>
    /// <param name="command">SCHEDOP_*.</param>
    /// <param name="argument">Its structure.</param>
    int Sched(uint command, Span<byte> argument);

    /// <summary>HYPERVISOR_domctl or HYPERVISOR_sysctl.</summary>
    /// <param name="hypercall">The hypercall's number.</param>
    /// <param name="argument">The structure with its command and interface version.</param>
    int Control(uint hypercall, Span<byte> argument);

    /// <summary>The same for commands that fill a buffer.</summary>
    /// <param name="hypercall">The hypercall's number.</param>
    /// <param name="argument">The structure with its command and interface version.</param>
    /// <param name="pointerAt">Where in the structure the buffer's address belongs.</param>
    /// <param name="buffer">The buffer.</param>
    int Control(uint hypercall, Span<byte> argument, int pointerAt, Span<byte> buffer);
}
