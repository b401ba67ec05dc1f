using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <summary>A pirq that is mapped for a guest.</summary>
/// <param name="Number">The pirq, in the guest's numbers.</param>
/// <param name="Kind">What it comes from.</param>
/// <param name="Function">The function that signals it; null for a line.</param>
/// <param name="Source">The MSI-X entry, the MSI vector (0 to 31), or the GSI.</param>
/// <param name="IsBound">Whether the guest has bound it.</param>
public readonly record struct LoopbackPirq(int Number, LoopbackPirqKind Kind, PciAddress? Function, int Source, bool IsBound);
