using PciBackFlow.Filter.Map;
using PciBackFlow.Pci;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Tables;

/// <summary>The rest of a device's header (PCI Local Bus 3.0 §6.1).</summary>
internal static class Type0HeaderTable
{
    internal static RegisterDefinition[] Rows(BaseAddressAnswer[] answers, bool hasRom = true) =>
    [
        BaseAddressRows.Bar(0, answers[0]),
        BaseAddressRows.Bar(1, answers[1]),
        BaseAddressRows.Bar(2, answers[2]),
        BaseAddressRows.Bar(3, answers[3]),
        BaseAddressRows.Bar(4, answers[4]),
        BaseAddressRows.Bar(5, answers[5]),
        new("CardBus CIS Pointer", ConfigRegisters.CardBusCis, 4, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.4") { Shadow = All },
        new("Subsystem Vendor ID", ConfigRegisters.SubsystemVendorId, 2, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.4") { Shadow = All },
        new("Subsystem ID", ConfigRegisters.SubsystemId, 2, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.4") { Shadow = All },
        BaseAddressRows.Rom(ConfigRegisters.ExpansionRom, answers[6], hasRom),
        new("Reserved", 0x38, 4, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.1: reads 0") { Shadow = All },
        new("Min_Gnt", ConfigRegisters.MinGrant, 1, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.4") { Shadow = All },
        new("Max_Lat", ConfigRegisters.MaxLatency, 1, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.4") { Shadow = All },
    ];
}
