using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Tables;

/// <summary>What every capability begins with: id and next pointer, read-only in every profile (Linux xen-pciback, conf_space_capability.c).</summary>
internal static class CapabilityHeaders
{
    internal static string NameOf(PciCapability capability) => capability switch
    {
        { IsExtended: false, StandardId: CapabilityId.PowerManagement } => "PM",
        { IsExtended: false, StandardId: CapabilityId.Vpd } => "VPD",
        { IsExtended: false, StandardId: CapabilityId.PciExpress } => "PCIe",
        { IsExtended: false, StandardId: CapabilityId.AdvancedFeatures } => "AF",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.AdvancedErrorReporting } => "AER",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.AccessControl } => "ACS",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.AddressTranslation } => "ATS",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.SrIov } => "SR-IOV",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.PageRequest } => "PRI",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.Pasid } => "PASID",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.DownstreamPortContainment } => "DPC",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.ResizableBar } => "Resizable BAR",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.LatencyTolerance } => "LTR",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.PrecisionTime } => "PTM",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.Vendor } => "VSEC",
        { IsExtended: true, ExtendedId: ExtendedCapabilityId.DesignatedVendor } => "DVSEC",
        _ => CapabilityNames.Of(capability),
    };

    internal static RegisterDefinition Standard(string name)
        => new($"{name} Capability Header", 0, 2, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.7") { Shadow = 0xFFFF };

    internal static RegisterDefinition Extended(string name)
        => new($"{name} Extended Capability Header", 0, 4, WriteRule.ReadOnly, "PCI Express Base 3.0 §7.9.3") { Shadow = uint.MaxValue };
}
