using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Registers;
using static PciBackFlow.Stages.Filter.RegisterDefinition;

namespace PciBackFlow.Stages.Filter.Tables;

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
                new("Device Serial Number", 4, 8, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.12.2") { Shadow = All },
            ],
            ExtendedCapabilityId.PowerBudgeting =>
            [
                header,
                new("Power Budgeting Data Select", 4, 1, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.15.2"),
                new("Power Budgeting Data", 8, 4, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.15.3"),
                new("Power Budget Capability", 12, 1, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.15.4"),
            ],
            ExtendedCapabilityId.AlternativeRouting =>
            [
                header,
                new("ARI Capability", 4, 2, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.17.2"),
                new("ARI Control", 6, 2, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.17.3"),
            ],
            ExtendedCapabilityId.LatencyTolerance =>
            [
                header,
                new("LTR Max Snoop Latency", LtrRegisters.MaxSnoop, 2, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.25.2"),
                new("LTR Max No-Snoop Latency", LtrRegisters.MaxNoSnoop, 2, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.25.3"),
            ],
            ExtendedCapabilityId.TphRequester =>
            [
                header,
                new("TPH Requester Capability", TphRegisters.Capability, 4, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.26.2"),
                new("TPH Requester Control", TphRegisters.Control, 4, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.26.3"),
            ],
            ExtendedCapabilityId.L1Substates =>
            [
                header,
                new("L1 PM Substates Capabilities", L1SubstatesRegisters.Capability, 4, RegisterRule.ByPolicy, "PCI Express Base 3.1 §7.33.2"),
                new("L1 PM Substates Control 1", L1SubstatesRegisters.Control1, 4, RegisterRule.ByPolicy, "PCI Express Base 3.1 §7.33.3"),
                new("L1 PM Substates Control 2", L1SubstatesRegisters.Control2, 4, RegisterRule.ByPolicy, "PCI Express Base 3.1 §7.33.4"),
            ],
            ExtendedCapabilityId.PrecisionTime =>
            [
                header,
                new("PTM Capability", PtmRegisters.Capability, 4, RegisterRule.ByPolicy, "PCI Express Base 3.1 §7.32.2"),
                new("PTM Control", PtmRegisters.Control, 4, RegisterRule.ByPolicy, "PCI Express Base 3.1 §7.32.3"),
            ],
            ExtendedCapabilityId.SecondaryPciExpress =>
            [
                header,
                new("Link Control 3", 4, 4, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.27.2"),
                new("Lane Error Status", 8, 4, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.27.3") { Rw1c = All },
            ],
            ExtendedCapabilityId.VirtualChannel or ExtendedCapabilityId.VirtualChannel9 or ExtendedCapabilityId.MultiFunctionVirtualChannel =>
            [
                header,
                new($"{name} Port Registers", 4, 12, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.11"),
                new($"{name} VC0 Registers", 16, 12, RegisterRule.ByPolicy, "PCI Express Base 3.0 §7.11"),
            ],
            _ => [header],
        };
    }
}
