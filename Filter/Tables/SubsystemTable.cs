using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Tables;

/// <summary>Subsystem ids of a bridge (PCI-to-PCI Bridge 1.2 §3.2.6).</summary>
internal static class SubsystemTable
{
    internal static RegisterDefinition[] Rows() =>
    [
        CapabilityHeaders.Standard("Bridge Subsystem ID"),
        new("Bridge Subsystem Reserved", 2, 2, WriteRule.ByPolicy, "PCI-to-PCI Bridge 1.2 §3.2.6") { Shadow = All },
        new("Bridge Subsystem Vendor ID", SubsystemRegisters.VendorId, 2, WriteRule.ByPolicy, "PCI-to-PCI Bridge 1.2 §3.2.6") { Shadow = All },
        new("Bridge Subsystem Device ID", SubsystemRegisters.Id, 2, WriteRule.ByPolicy, "PCI-to-PCI Bridge 1.2 §3.2.6") { Shadow = All },
    ];
}
