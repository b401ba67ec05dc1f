using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Tables;

/// <summary>Which table describes a capability. One without a table has its header; what lies behind it is unassigned space.</summary>
internal static class CapabilityTables
{
    internal static RegisterDefinition[] Rows(PciCapability capability, string name, in CapabilityContext context)
    {
        ReadOnceConfigSpace image = context.Image;
        int at = capability.Offset;
        if (capability.IsExtended)
        {
            return DeniedCapabilityTable.Rows(capability, name, image) ?? capability.ExtendedId switch
            {
                ExtendedCapabilityId.AdvancedErrorReporting => ErrorReportingTable.Rows(capability.Version, context.IsRoot),
                ExtendedCapabilityId.Vendor or ExtendedCapabilityId.DesignatedVendor => VendorTable.Extended(name, image, at),
                _ => ExtendedCapabilityTable.Rows(capability, name),
            };
        }

        return capability.StandardId switch
        {
            CapabilityId.PowerManagement => PowerManagementTable.Rows(context.Settings),
            CapabilityId.Vpd => VpdTable.Rows(),
            CapabilityId.Msi => MsiTable.Rows(image, at, context.Settings),
            CapabilityId.MsiX => MsixTable.Rows(context.Settings),
            CapabilityId.PciExpress => PciExpressTable.Rows(image, at, context.Resets, context.Settings),
            CapabilityId.PciX => PciXTable.Rows(image, at, context.IsBridge),
            CapabilityId.AdvancedFeatures => AdvancedFeaturesTable.Rows(image, at, context.Resets, context.Settings),
            CapabilityId.Vendor => VendorTable.Standard(image, at),
            CapabilityId.Subsystem => SubsystemTable.Rows(),
            _ => [CapabilityHeaders.Standard(name)],
        };
    }

    /// <summary>Whether the function is a root port or an event collector, which have more error registers.</summary>
    internal static bool IsRoot(CapabilityList list, ReadOnceConfigSpace image)
        => list.TryFind(CapabilityId.PciExpress, out PciCapability express)
            && ((image.Read(express.Offset + PciExpressRegisters.Capabilities, 2) & PciExpressRegisters.DeviceType) >> 4)
                is PciExpressRegisters.TypeRootPort or PciExpressRegisters.TypeEventCollector;

    /// <summary>What the tables ask about the function and the policy.</summary>
    internal readonly record struct CapabilityContext(ReadOnceConfigSpace Image, MapSettings Settings, bool Resets, bool IsBridge, bool IsRoot);
}
