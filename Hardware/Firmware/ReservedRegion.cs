using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Firmware;

/// <summary>Memory that firmware reserves for functions' DMA: an RMRR of Intel's table, an IVMD of AMD's.</summary>
/// <param name="First">First address.</param>
/// <param name="Last">Last address.</param>
/// <param name="Scopes">Whom it is for; empty: AMD's, for all functions.</param>
public sealed record ReservedRegion(ulong First, ulong Last, IReadOnlyList<ReservedScope> Scopes)
{
    /// <summary>Whether it is for one function.</summary>
    /// <param name="address">The function.</param>
    /// <param name="bridges">The bridges above it, the root port first.</param>
    /// <returns>True when it is.</returns>
    public bool Concerns(PciAddress address, IReadOnlyList<PciAddress> bridges) => Scopes.Count == 0 || Scopes.Any(scope => scope.Includes(address, bridges));
}
