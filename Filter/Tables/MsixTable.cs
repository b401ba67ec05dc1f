using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Tables;

/// <summary>MSI-X (PCI Local Bus 3.0 §6.8.2): the table lies in memory, here are its control and its place.</summary>
internal static class MsixTable
{
    internal static RegisterDefinition[] Rows(MapSettings settings) =>
    [
        CapabilityHeaders.Standard("MSI-X"),
        new("MSI-X Message Control", MsiXRegisters.Control, 2, WriteRule.SideEffect, "PCI Local Bus 3.0 §6.8.2.3")
        {
            Writable = MsiTable.MessageControlBits(settings, MsiXRegisters.Enable | MsiXRegisters.FunctionMask),
            EffectMask = 0xFFFF,
            Effect = PlanAction.MsixControl,
            Note = MsiTable.ControlNote(settings),
        },
        new("MSI-X Table Offset/BIR", MsiXRegisters.Table, 4, WriteRule.HardDenied, "PCI Local Bus 3.0 §6.8.2.4") { Shadow = uint.MaxValue },
        new("MSI-X PBA Offset/BIR", MsiXRegisters.PendingBits, 4, WriteRule.HardDenied, "PCI Local Bus 3.0 §6.8.2.5") { Shadow = uint.MaxValue },
    ];
}
