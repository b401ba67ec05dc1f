using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>
/// The domain-control hypercalls (<c>XEN_DOMCTL</c>) that a toolstack for PCI devices needs, and what is known about
/// domains. Safe for use by many threads.
/// </summary>
public interface IDomainControl : IDisposable
{
    /// <summary>Xen's version, e.g. <c>4.17</c>; of the loopback <c>loopback</c>.</summary>
    string Version { get; }

    /// <summary>Whether devices can be assigned at all: an IOMMU is in use (physinfo's directio capability).</summary>
    bool CanAssignDevices { get; }

    /// <summary>
    /// Whether the IOMMU remaps interrupts, now. Without it a device with DMA can send any interrupt to any processor: a write to 0xFEExxxxx is one. Asked
    /// anew each time: Xen decides at boot, and can lose it when the host wakes up.
    /// </summary>
    /// <returns>True or false as Xen says, false without an IOMMU; null when Xen does not say.</returns>
    /// <exception cref="HypervisorException">What was mapped to find out cannot be unmapped.</exception>
    bool? RemapsInterrupts();

    /// <summary>Looks a domain up.</summary>
    /// <param name="domainId">Its id.</param>
    /// <returns>What is known, or null when there is none of that id.</returns>
    /// <exception cref="HypervisorException">EPERM, EACCES.</exception>
    DomainInfo? Find(int domainId);

    /// <summary>All domains, by id.</summary>
    /// <returns>Domain 0 included.</returns>
    /// <exception cref="HypervisorException">EPERM, EACCES.</exception>
    IReadOnlyList<DomainInfo> List();

    /// <summary>Gives a function to a domain's IOMMU context.</summary>
    /// <param name="domainId">The guest, or <see cref="DomainInfo.Quarantine"/>.</param>
    /// <param name="function">The host's function.</param>
    /// <param name="relaxed">Whether reserved device memory that the domain doesn't map is accepted (RDM relaxed).</param>
    /// <exception cref="HypervisorException">
    /// EOPNOTSUPP: the domain was created without passthrough, or there is no IOMMU (ENOSYS of older Xen); EBUSY: the function belongs to another guest, or
    /// to this one already; ENODEV: unknown to Xen; EPERM: it shares reserved memory; EINVAL: the caller itself, or a dying domain; EXDEV; EBADF; ESRCH.
    /// </exception>
    void Assign(int domainId, PciAddress function, bool relaxed);

    /// <summary>Takes a function from a domain; it goes back to the host's domain (or to quarantine, as Xen was told).</summary>
    /// <param name="domainId">The guest, or <see cref="DomainInfo.Quarantine"/>.</param>
    /// <param name="function">The host's function.</param>
    /// <exception cref="HypervisorException">ENODEV: the domain does not have it; EOPNOTSUPP: the domain was created without
    /// passthrough; ESRCH; EINVAL.</exception>
    void Deassign(int domainId, PciAddress function);

    /// <summary>Whether some guest has this function already.</summary>
    /// <param name="function">The host's function.</param>
    /// <returns>True when Xen says it can't be assigned (it belongs to a guest, or Xen doesn't know it); false without an
    /// IOMMU, where nothing is assigned.</returns>
    /// <exception cref="HypervisorException">EPERM, EACCES.</exception>
    bool IsAssignedToGuest(PciAddress function);

    /// <summary>Functions that the IOMMU cannot tell apart from this one, itself included.</summary>
    /// <param name="domainId">Whose functions to look among: 0 for those that no guest has. Xen can't look among the quarantined ones (ESRCH).</param>
    /// <param name="function">The host's function.</param>
    /// <returns>The function itself and those others that the domain has; empty when Xen has none to tell, or without an IOMMU.</returns>
    /// <exception cref="HypervisorException">ESRCH, EPERM, EACCES.</exception>
    IReadOnlyList<PciAddress> GroupOf(int domainId, PciAddress function);

    /// <summary>Allows or forbids a domain to map host memory.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="firstFrame">First frame number (address / 4096): any 52 bits.</param>
    /// <param name="frames">How many, above 0.</param>
    /// <param name="allow">True grants, false revokes.</param>
    /// <exception cref="HypervisorException">ESRCH: the guest is gone; EINVAL; EPERM.</exception>
    void AllowMemory(int domainId, ulong firstFrame, ulong frames, bool allow);

    /// <summary>Allows or forbids a domain to use I/O ports.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="firstPort">First port, 0 to 65535.</param>
    /// <param name="ports">How many, above 0; the last one lies below 65536.</param>
    /// <param name="allow">True grants, false revokes.</param>
    /// <exception cref="HypervisorException">ESRCH, EINVAL, EPERM.</exception>
    void AllowPorts(int domainId, uint firstPort, uint ports, bool allow);

    /// <summary>Allows or forbids a domain to bind a line interrupt.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="pirq">
    /// The interrupt as <em>the calling domain</em> numbers it, which for a line is its GSI and thus what <see cref="IPhysdev.MapLine"/> gave.
    /// </param>
    /// <param name="allow">True grants, false revokes.</param>
    /// <exception cref="HypervisorException">EPERM: the caller has no such interrupt (the host has not enabled the function); ESRCH, EINVAL.</exception>
    void AllowInterrupt(int domainId, int pirq, bool allow);

    /// <summary>Pauses a domain (counted by Xen).</summary>
    /// <param name="domainId">The guest.</param>
    /// <exception cref="HypervisorException">ESRCH; EINVAL: the caller itself.</exception>
    void Pause(int domainId);

    /// <summary>Undoes one <see cref="Pause"/>.</summary>
    /// <param name="domainId">The guest.</param>
    /// <exception cref="HypervisorException">ESRCH; EINVAL: it isn't paused.</exception>
    void Unpause(int domainId);

    /// <summary>
    /// Stops a domain for good, as one that crashed (SCHEDOP_remote_shutdown): what becomes of it then is its toolstack's, of xl's its <c>on_crash</c>, which
    /// destroys it if nothing else is said.
    /// </summary>
    /// <param name="domainId">The guest.</param>
    /// <exception cref="HypervisorException">ESRCH; EPERM: the caller itself.</exception>
    void Crash(int domainId);
}
