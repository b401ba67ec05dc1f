using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>A hypervisor's passthrough calls to check, with a guest and a function that nobody else uses.</summary>
/// <param name="Physdev">The physical-device calls.</param>
/// <param name="Domains">The domain-control calls.</param>
/// <param name="GuestId">A PV guest that was created with passthrough and has no device.</param>
/// <param name="Function">A function of domain 0 with MSI and at least three MSI-X entries, not prepared, that decodes memory.</param>
/// <param name="TableBase">Where the BAR with its MSI-X table starts.</param>
/// <param name="Line">Its line interrupt, which domain 0 has enabled.</param>
/// <param name="Unknown">An address where no function is.</param>
/// <param name="Messages">How many MSI messages the function can send (Multiple Message Capable), on a host that remaps interrupts.</param>
public sealed record PassthroughSubject(
    IPhysdev Physdev, IDomainControl Domains, int GuestId, PciAddress Function, ulong TableBase, int Line, PciAddress Unknown, int Messages);
