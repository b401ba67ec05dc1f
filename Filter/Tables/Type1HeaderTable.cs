using PciBackFlow.Filter.Map;
using PciBackFlow.Pci;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Tables;

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
        new("Primary Bus Number", ConfigRegisters.PrimaryBus, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.2"),
        new("Secondary Bus Number", ConfigRegisters.SecondaryBus, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.3"),
        new("Subordinate Bus Number", ConfigRegisters.SubordinateBus, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.4"),
        new("Secondary Latency Timer", ConfigRegisters.SecondaryLatency, 1, WriteRule.ByPolicy, "PCI-to-PCI Bridge 1.2 §3.2.5.5"),
        new("I/O Base", ConfigRegisters.IoBase, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.6"),
        new("I/O Limit", ConfigRegisters.IoLimit, 1, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.6"),
        new("Secondary Status", ConfigRegisters.SecondaryStatus, 2, WriteRule.ByPolicy, "PCI-to-PCI Bridge 1.2 §3.2.5.7") { Rw1c = StatusBits.Errors },
        new("Memory Base", ConfigRegisters.MemoryBase, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.8"),
        new("Memory Limit", ConfigRegisters.MemoryLimit, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.8"),
        new("Prefetchable Memory Base", ConfigRegisters.PrefetchableBase, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.9"),
        new("Prefetchable Memory Limit", ConfigRegisters.PrefetchableLimit, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.9"),
        new("Prefetchable Base Upper 32 Bits", ConfigRegisters.PrefetchableBaseUpper, 4, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.10"),
        new("Prefetchable Limit Upper 32 Bits", ConfigRegisters.PrefetchableLimitUpper, 4, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.10"),
        new("I/O Base Upper 16 Bits", ConfigRegisters.IoBaseUpper, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.11"),
        new("I/O Limit Upper 16 Bits", ConfigRegisters.IoLimitUpper, 2, WriteRule.HardDenied, "PCI-to-PCI Bridge 1.2 §3.2.5.11"),
        BaseAddressRows.Rom(ConfigRegisters.BridgeExpansionRom, answers[6]),
        new("Bridge Control", ConfigRegisters.BridgeControl, 2, WriteRule.ByPolicy, "PCI-to-PCI Bridge 1.2 §3.2.5.18"),
    ];
}
