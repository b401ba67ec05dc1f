using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>A device that was taken from the host so that guests can have it.</summary>
/// <param name="Address">Its address on the host.</param>
/// <param name="Name">The name a person gave it, or null.</param>
/// <param name="OriginalDriver">The host's driver it was taken from, or null.</param>
/// <param name="VendorId">Vendor id when it was taken.</param>
/// <param name="DeviceId">Device id when it was taken.</param>
/// <param name="OwnerDomain">The guest that has it now, or null.</param>
public sealed record HeldDevice(PciAddress Address, string? Name, string? OriginalDriver, ushort VendorId, ushort DeviceId, int? OwnerDomain)
{
    /// <summary>Which card it was when it was taken; null on a machine in memory.</summary>
    public DeviceIdentity? Identity { get; init; }

    /// <summary>Why no guest can have it now; null when one can.</summary>
    public string? Unusable { get; init; }

    /// <summary>What was said when it was taken, but did not stop it: no reset, a shared interrupt line.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
