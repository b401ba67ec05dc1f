using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Tables;

/// <summary>Extended capabilities with a fixed layout that policy decides about (PCI Express Base 3.0 §7.10 and following).</summary>
internal static class ExtendedCapabilityTable
{
    internal static RegisterDefinition[] Rows(PciCapability capability, string name)
    {
        RegisterDefinition header = CapabilityHeaders.Extended(name);
        return capability.ExtendedId switch
        {
            ExtendedCapabilityId.DeviceSerialNumber =>
            [
                header,
                new("Device Serial Number", 4, 8, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.12.2") { Shadow = All },
            ],
            ExtendedCapabilityId.PowerBudgeting =>
            [
                header,
                new("Power Budgeting Data Select", 4, 1, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.15.2"),
                new("Power Budgeting Data", 8, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.15.3"),
                new("Power Budget Capability", 12, 1, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.15.4"),
            ],
            ExtendedCapabilityId.AlternativeRouting =>
            [
                header,
                new("ARI Capability", 4, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.23.2"),
                new("ARI Control", 6, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.23.3"),
            ],
            ExtendedCapabilityId.LatencyTolerance =>
            [
                header,
                new("LTR Max Snoop Latency", LtrRegisters.MaxSnoop, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.25.2"),
                new("LTR Max No-Snoop Latency", LtrRegisters.MaxNoSnoop, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.25.3"),
            ],
            ExtendedCapabilityId.TphRequester =>
            [
                header,
                new("TPH Requester Capability", TphRegisters.Capability, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.26.2") { Shadow = All },
                new("TPH Requester Control", TphRegisters.Control, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.26.3"),
            ],
            ExtendedCapabilityId.L1Substates =>
            [
                header,
                new("L1 PM Substates Capabilities", L1SubstatesRegisters.Capability, 4, WriteRule.ByPolicy, "PCI Express Base 3.1 §7.33.2") { Shadow = All },
                new("L1 PM Substates Control 1", L1SubstatesRegisters.Control1, 4, WriteRule.ByPolicy, "PCI Express Base 3.1 §7.33.3"),
                new("L1 PM Substates Control 2", L1SubstatesRegisters.Control2, 4, WriteRule.ByPolicy, "PCI Express Base 3.1 §7.33.4"),
            ],
            ExtendedCapabilityId.DynamicPower =>
            [
                header,
                new("DPA Capability", 4, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.24.2") { Shadow = All },
                new("DPA Latency Indicator", 8, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.24.3"),
                new("DPA Status", 12, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.24.4"),
                new("DPA Control", 14, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.24.5"),
            ],
            ExtendedCapabilityId.PrecisionTime =>
            [
                header,
                new("PTM Capability", PtmRegisters.Capability, 4, WriteRule.ByPolicy, "PCI Express Base 3.1 §7.32.2") { Shadow = All },
                new("PTM Control", PtmRegisters.Control, 4, WriteRule.ByPolicy, "PCI Express Base 3.1 §7.32.3"),
            ],
            ExtendedCapabilityId.SecondaryPciExpress =>
            [
                header,
                new("Link Control 3", 4, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.27.2"),
                new("Lane Error Status", 8, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.27.3") { Rw1c = All },
            ],
            ExtendedCapabilityId.VirtualChannel or ExtendedCapabilityId.VirtualChannel9 or ExtendedCapabilityId.MultiFunctionVirtualChannel =>
            [
                header,
                new($"{name} Port Capability 1", 4, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.11.2") { Shadow = All },
                new($"{name} Port Capability 2", 8, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.11.3") { Shadow = All },
                new($"{name} Port Control", 12, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.11.4"),
                new($"{name} Port Status", 14, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.11.5"),
                new($"{name} VC0 Registers", 16, 12, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.11"),
            ],
            _ => [header],
        };
    }
}
