using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter.Map;
using static PciBackFlow.Stages.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Stages.Filter.Tables;

/// <summary>
/// The rest of a bridge's header (PCI-to-PCI Bridge 1.2 §3.2). Bridges are looked at, not assigned; should one be, its bus numbers and
/// windows route the host's own traffic, so no policy opens them.
/// </summary>
internal static class Type1HeaderTable
{
    internal static RegisterDefinition[] Rows(BaseAddressAnswer[] answers) =>
    [
        BaseAddressRows.Bar(0, answers[0]),
        BaseAddressRows.Bar(1, answers[1]),
        new("Primary Bus Number", 0x18, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.2"),
        new("Secondary Bus Number", 0x19, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.3"),
        new("Subordinate Bus Number", 0x1A, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.4"),
        new("Secondary Latency Timer", 0x1B, 1, WriteRule.ByPolicy, "PCI-to-PCI Bridge 1.2 §3.2.5.5"),
        new("I/O Base", 0x1C, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.6"),
        new("I/O Limit", 0x1D, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.6"),
        new("Secondary Status", 0x1E, 2, WriteRule.ByPolicy, "PCI-to-PCI Bridge 1.2 §3.2.5.7") { Rw1c = CommonHeaderTable.StatusErrors },
        new("Memory Base", 0x20, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.8"),
        new("Memory Limit", 0x22, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.8"),
        new("Prefetchable Memory Base", 0x24, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.9"),
        new("Prefetchable Memory Limit", 0x26, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.9"),
        new("Prefetchable Base Upper 32 Bits", 0x28, 4, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.10"),
        new("Prefetchable Limit Upper 32 Bits", 0x2C, 4, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.10"),
        new("I/O Base Upper 16 Bits", 0x30, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.11"),
        new("I/O Limit Upper 16 Bits", 0x32, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.11"),
        BaseAddressRows.Rom(ConfigRegisters.BridgeExpansionRom, answers[6]),
        new("Bridge Control", 0x3E, 2, WriteRule.ByPolicy, "PCI-to-PCI Bridge 1.2 §3.2.5.18"),
    ];
}
