using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>
/// The physical-device hypercalls (<c>PHYSDEVOP</c>, xen/include/public/physdev.h) that a backend needs. A pirq is always a number of the
/// guest it was mapped for. Safe for use by many threads; every call may block for milliseconds.
/// </summary>
public interface IPhysdev : IDisposable
{
    /// <summary>Maps one message-signalled vector of a function that is assigned to the guest (MSI_SEG, with MSI as fallback in segment 0).</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">The host's function.</param>
    /// <param name="entry">Index in the MSI-X table; 0 for MSI.</param>
    /// <param name="tableBase">Physical start of the BAR that holds the MSI-X table, without the table's offset in it; 0 for MSI.</param>
    /// <returns>The pirq, above 0.</returns>
    /// <exception cref="HypervisorException">
    /// ENODEV: not assigned to this guest (XSA-237); ENODATA: <see cref="PrepareMsix"/> is missing; ENXIO: memory decoding is off; ENOSPC: no vectors
    /// left; EINVAL; ESRCH: the guest is gone.
    /// </exception>
    int MapMessage(int domainId, PciAddress function, int entry, ulong tableBase);

    /// <summary>Maps consecutive MSI vectors (MULTI_MSI); needs interrupt remapping.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">The host's function.</param>
    /// <param name="count">How many: 2 to 32, a power of two.</param>
    /// <param name="available">On failure how many Xen says would work, else 0.</param>
    /// <returns>The first pirq; 0 on failure because fewer would work.</returns>
    /// <exception cref="HypervisorException">As for <see cref="MapMessage"/>.</exception>
    int MapMessages(int domainId, PciAddress function, int count, out int available);

    /// <summary>Maps a line interrupt. Permission is a separate step: <see cref="IDomainControl.AllowInterrupt"/>.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="gsi">The global system interrupt.</param>
    /// <returns>The pirq; the same again when it is mapped already.</returns>
    /// <exception cref="HypervisorException">EINVAL, ESRCH, EPERM.</exception>
    int MapLine(int domainId, int gsi);

    /// <summary>Unmaps a pirq; of several consecutive ones the first releases all.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="pirq">Its pirq.</param>
    /// <exception cref="HypervisorException">ESRCH: the guest is gone; EINVAL: not mapped (both mean "done" to who cleans up); EBUSY: not the first of several.</exception>
    void Unmap(int domainId, int pirq);

    /// <summary>Makes Xen map and write-protect the function's MSI-X table before a guest can reach it. Once, before assignment.</summary>
    /// <param name="function">The host's function.</param>
    /// <exception cref="HypervisorException">EBUSY: entries are in use; ENODEV: unknown to Xen; ENXIO: memory decoding is off.</exception>
    void PrepareMsix(PciAddress function);

    /// <summary>Undoes <see cref="PrepareMsix"/>.</summary>
    /// <param name="function">The host's function.</param>
    /// <exception cref="HypervisorException">EBUSY: entries are in use; ENODEV.</exception>
    void ReleaseMsix(PciAddress function);

    /// <summary>Writes the message addresses, data and enable bits that Xen knows back into a function that was reset (restore_msi_ext).</summary>
    /// <param name="function">The host's function.</param>
    /// <exception cref="HypervisorException">ENXIO: memory decoding is off; ENODEV.</exception>
    void RestoreMessages(PciAddress function);
}
