using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>
/// The physical-device hypercalls (<c>PHYSDEVOP</c>, xen/include/public/physdev.h) that a backend needs. A pirq is always a number of the
/// guest it was mapped for. Safe for use by many threads; every call may block for milliseconds.
/// </summary>
public interface IPhysdev : IDisposable
{
    /// <summary>
    /// Maps one message-signalled vector of a function that is assigned to the guest (MSI_SEG, with MSI as fallback in segment 0). Xen doesn't count:
    /// the same entry mapped twice has two pirqs, of which the later one is delivered.
    /// </summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">The host's function.</param>
    /// <param name="entry">Index in the MSI-X table; 0 for MSI.</param>
    /// <param name="tableBase">Physical start of the BAR that holds the MSI-X table, without the table's offset in it; 0 for MSI.</param>
    /// <returns>The pirq, above 0.</returns>
    /// <exception cref="HypervisorException">
    /// ENODEV: not assigned to this guest (XSA-237), or it has no such capability; ENODATA: <see cref="PrepareMsix"/> is missing; ENXIO: memory decoding
    /// is off; ENOSPC: the guest has no pirq left (Xen gives it 32 beyond the lines; its argument <c>extra_guest_irqs</c> says otherwise); EINVAL: an entry
    /// beyond the table, or no vector left on the host; ESRCH: the guest is gone.
    /// </exception>
    int MapMessage(int domainId, PciAddress function, int entry, ulong tableBase);

    /// <summary>Maps consecutive MSI vectors (MULTI_MSI); more than one needs interrupt remapping.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">The host's function.</param>
    /// <param name="count">How many: 2 to 32, a power of two.</param>
    /// <param name="available">
    /// 0 on success. Else how many would work: as many as the function has (ENFILE) or the guest has pirqs in a row for (ENOSPC), 1 without interrupt
    /// remapping (EOPNOTSUPP).
    /// </param>
    /// <returns>The first pirq; 0 when fewer would work.</returns>
    /// <exception cref="HypervisorException">As for <see cref="MapMessage"/>.</exception>
    int MapMessages(int domainId, PciAddress function, int count, out int available);

    /// <summary>
    /// Maps a line interrupt to the pirq of the same number: a guest's kernel looks for its line under the number that it reads in the function's
    /// Interrupt Line register. Permission is a separate step, as in libxl: <see cref="IDomainControl.AllowInterrupt"/>.
    /// </summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="gsi">The global system interrupt, above 0.</param>
    /// <returns>The pirq; the same again when it is mapped already.</returns>
    /// <exception cref="HypervisorException">EINVAL, ESRCH, EPERM.</exception>
    int MapLine(int domainId, int gsi);

    /// <summary>
    /// Unmaps a pirq; of several consecutive ones the first releases all. What a guest has bound is unbound by force, and the number comes back only
    /// when the guest has closed its side too.
    /// </summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="pirq">Its pirq.</param>
    /// <exception cref="HypervisorException">ESRCH: the guest is gone; EINVAL: not mapped (both mean "done" to who cleans up);
    /// EBUSY: not the first of several.</exception>
    void Unmap(int domainId, int pirq);

    /// <summary>Makes Xen map and write-protect the function's MSI-X table before a guest can reach it. Once, before assignment.</summary>
    /// <param name="function">The host's function.</param>
    /// <exception cref="HypervisorException">EBUSY: prepared already, or entries are in use; ENODEV: unknown to Xen, or without MSI-X;
    /// ENXIO: memory decoding is off.</exception>
    void PrepareMsix(PciAddress function);

    /// <summary>Undoes <see cref="PrepareMsix"/>.</summary>
    /// <param name="function">The host's function.</param>
    /// <exception cref="HypervisorException">EBUSY: not prepared, or entries are in use; ENODEV.</exception>
    void ReleaseMsix(PciAddress function);

    /// <summary>
    /// Writes the messages that are mapped back into a function that was reset (restore_msi_ext), and enables its MSI or MSI-X even if that was off
    /// before. Does nothing when none is mapped.
    /// </summary>
    /// <param name="function">The host's function.</param>
    /// <exception cref="HypervisorException">ENXIO: memory decoding is off; ENODEV.</exception>
    void RestoreMessages(PciAddress function);
}
