using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Loopback;

/// <summary>One call that changes something, as <see cref="LoopbackPassthrough.Observer"/> sees it before it is carried out.</summary>
/// <param name="Call">Which.</param>
/// <param name="DomainId">The domain it is about; -1 where the call names none.</param>
/// <param name="Function">The function it is about; null where the call names none.</param>
/// <param name="Number">The MSI-X entry, the count, the GSI or pirq, the first frame or port; else 0.</param>
/// <param name="Allow">Whether a permission is granted rather than revoked; true for other calls.</param>
public readonly record struct LoopbackRequest(LoopbackCall Call, int DomainId, PciAddress? Function, ulong Number, bool Allow);
