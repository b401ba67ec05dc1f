using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>The toolstack's half of passthrough: what xl's <c>pci-*</c> commands do. Thread-safe; one guest's requests run in order.</summary>
public interface IToolstack
{
    /// <summary>Finds a domain by id or name.</summary>
    /// <param name="domain">A decimal id, or a name as xl shows it.</param>
    /// <returns>Its id.</returns>
    /// <exception cref="BackendException">There is none.</exception>
    int Resolve(string domain);

    /// <summary>Grants a device to a guest and offers it: journal, reset, memory, ports, line interrupt, IOMMU, nodes, handshake.</summary>
    /// <param name="request">What to whom.</param>
    /// <param name="cancellationToken">Gives up waiting; what was granted is taken back.</param>
    /// <returns>What the guest has of it now: one device, or all functions of a slot.</returns>
    /// <exception cref="BackendException">The step that failed; everything before it was undone.</exception>
    Task<IReadOnlyList<AttachedDevice>> AttachAsync(AttachRequest request, CancellationToken cancellationToken);

    /// <summary>Takes a device from a guest: first by handshake, and by force after a time-out if told to.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="spec">The device.</param>
    /// <param name="force">Whether to go on when the guest does not answer.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="BackendException">The guest doesn't have it, or didn't let go of it in time.</exception>
    Task DetachAsync(int domainId, PciSpec spec, bool force, CancellationToken cancellationToken);

    /// <summary>
    /// What an attach of a device to any guest would be refused for, or would warn of: of a device that is not held yet, what taking it would; of a held one,
    /// by the very rules that the attach weighs. Nothing is changed.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <returns>The reasons, the heaviest first.</returns>
    /// <exception cref="BackendException">Xen does not tell.</exception>
    Assignability Assess(PciAddress device);

    /// <summary>The devices a guest has or is getting, by index.</summary>
    /// <param name="domainId">The guest.</param>
    /// <returns>Its devices, whoever attached them.</returns>
    IReadOnlyList<AttachedDevice> List(int domainId);
}
