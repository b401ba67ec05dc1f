using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Compile;

/// <summary>
/// Vital Product Data of a function other than the first of its package. Many packages have one address and one data register for all their functions (Linux
/// sends those of Intel's network functions to function 0: quirk_f0_vpd_link, drivers/pci/vpd.c), which none of them says of itself: two guests would disturb
/// each other's reads, and could tell each other something. So only the first has it. Virtual functions share nothing (SR-IOV 1.1 §3.6).
/// </summary>
internal static class SharedVpd
{
    /// <summary>What is said of its registers.</summary>
    internal const string Note = "function 0's, which may be another guest's";

    /// <summary>Whether a function's VPD is to be hidden, whatever the policy; never of a package's first function, or a virtual one.</summary>
    internal static bool IsAnothers(IPciFunction function, CapabilityList list)
    {
        // With alternative routing the device number is a part of the function's (PCI Express Base 3.0 §6.13).
        PciAddress address = function.Address;
        bool isFirst = list.TryFind(ExtendedCapabilityId.AlternativeRouting, out _) ? address.Devfn == 0 : address.Function == 0;
        return !isFirst && !function.IsVirtualFunction;
    }

    /// <summary>Whether a capability is VPD.</summary>
    internal static bool Is(PciCapability capability) => !capability.IsExtended && capability.StandardId == CapabilityId.Vpd;
}
