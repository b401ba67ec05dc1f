using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Tables;

/// <summary>
/// Capabilities that a guest's kernel looks at, tries to use and cannot: what they control is denied in every policy, or is between the function and its port.
/// Legend: what a Linux guest does with it, and why to no effect.
/// </summary>
internal static class UnusableTable
{
    private static readonly (ExtendedCapabilityId Id, string Why)[] Lines =
    [
        // pci_iov_init (drivers/pci/iov.c) sizes the virtual functions' base addresses, which do not answer, and prints "VF BAR" for each.
        (ExtendedCapabilityId.SrIov, "virtual functions are the host's to make"),
        (ExtendedCapabilityId.MrIov, "virtual hierarchies are the fabric's"),

        // pci_rebar_init and drivers (amdgpu, i915, xe) resize and move base addresses (drivers/pci/setup-res.c): the host has laid them out.
        (ExtendedCapabilityId.ResizableBar, "base addresses are the host's"),
        (ExtendedCapabilityId.VfResizableBar, "base addresses are the host's"),

        // pci_configure_ari (drivers/pci/pci.c) and next_ari_fn (probe.c) follow the next function's number, which is another guest's or nobody's.
        (ExtendedCapabilityId.AlternativeRouting, "function numbers are those of the guest's slot"),
    ];

    /// <summary>Whether a capability is one of them.</summary>
    internal static bool Has(PciCapability capability) => Why(capability) is not null;

    /// <summary>Why no guest can use a capability; null when it can.</summary>
    internal static string? Why(PciCapability capability)
    {
        foreach ((ExtendedCapabilityId id, string why) in Lines)
        {
            if (capability.IsExtended && capability.ExtendedId == id)
            {
                return why;
            }
        }

        return null;
    }
}
