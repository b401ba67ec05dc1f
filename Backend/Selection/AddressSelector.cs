using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Selection;

/// <summary>A device by its address, which changes with other cards.</summary>
/// <param name="Address">The address.</param>
public sealed record AddressSelector(PciAddress Address) : DeviceSelector
{
    /// <inheritdoc/>
    public override string Key => "bdf";

    /// <inheritdoc/>
    public override string Value => Address.ToString();

    /// <inheritdoc/>
    public override bool Matches(DeviceCandidate candidate) => candidate.Address == Address;
}
