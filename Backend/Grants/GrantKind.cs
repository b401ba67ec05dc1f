namespace PciBackFlow.Backend.Grants;

/// <summary>What a guest was given. The order is that of an attach; it is taken back in reverse.</summary>
public enum GrantKind
{
    /// <summary>libxl's note of who has the device, for xl's own commands.</summary>
    OwnerNote,

    /// <summary>The function in the guest's IOMMU context; <see cref="Grant.First"/> is 1 with the relaxed reserved-memory policy.</summary>
    Assignment,

    /// <summary>
    /// A line interrupt mapped to a pirq of the guest: <see cref="Grant.First"/> is the pirq (0 before it is known), <see
    /// cref="Grant.Count"/> the GSI.
    /// </summary>
    Pirq,

    /// <summary>Permission to bind the pirq <see cref="Grant.First"/>, of the GSI <see cref="Grant.Count"/>.</summary>
    InterruptPermission,

    /// <summary>I/O ports: the first port and how many.</summary>
    Ports,

    /// <summary>Host memory: <see cref="Grant.First"/> is the first frame number (address / 4096), <see cref="Grant.Count"/> frames.</summary>
    Memory,

    /// <summary>The function's keys in the guest's backend directory.</summary>
    Nodes,

    /// <summary>
    /// The wish to attach it again after a reboot, <see cref="Grant.Text"/> in xl's words; <see cref="Grant.First"/> is 1 if a person insisted. Belongs to the
    /// UUID; outlives the domain.
    /// </summary>
    Kept,

    /// <summary>
    /// Message interrupts of the function, which the guest enabled itself: <see cref="Grant.Text"/> lists the pirqs to unmap, <see cref="Grant.First"/> is the
    /// id of the capability that sends them (5: MSI, 17: MSI-X) and <see cref="Grant.Count"/> how many; both are 0 of what could not be unmapped, and in what
    /// a program wrote that did not say them. This backend's, whoever granted the device. An intent knows none of it.
    /// </summary>
    Messages,

    /// <summary>
    /// The guest was paused until it has its kept devices, this one first. An intent may have paused it or not; with <see
    /// cref="Grant.First"/> 1 it may have been let
    /// go already: in both cases a pause that is found can be somebody else's.
    /// </summary>
    Pause,

    /// <summary>
    /// Host memory that the guest could map, with the numbers of <see cref="Memory"/>: because it was granted here and is revoked, or because it claimed the
    /// device, which xl granted. It may have mappings as long as it lives.
    /// </summary>
    Reached,
}
