using PciBackFlow.Hardware.Pci.Registers;
using PciBackFlow.Stages.Filter.Map;

namespace PciBackFlow.Stages.Filter.Tables;

/// <summary>Power Management (PCI Power Management 1.2 §3.2). PME# is the host's: the guest never learns of it.</summary>
internal static class PowerManagementTable
{
    internal static RegisterDefinition[] Rows() =>
    [
        CapabilityHeaders.Standard("PM"),
        new("PM Capabilities", PowerManagementRegisters.Capabilities, 2, WriteRule.ReadOnly, "PCI Power Management 1.2 §3.2.3")
        {
            Virtual = PowerManagementRegisters.PmeSupport,
            Value = 0,
            Shadow = 0xFFFF & ~PowerManagementRegisters.PmeSupport,
            Note = "PME support reads 0",
        },
        new("PM Control/Status", PowerManagementRegisters.ControlStatus, 2, WriteRule.SideEffect, "PCI Power Management 1.2 §3.2.4")
        {
            Virtual = PowerManagementRegisters.PmeEnable,
            Value = 0,
            Writable = PowerManagementRegisters.PmeStatus | PowerManagementRegisters.DataSelect | PowerManagementRegisters.PowerState,
            Rw1c = PowerManagementRegisters.PmeStatus,
            EffectMask = 0xFFFF,
            Effect = PlanAction.PowerControl,
            Note = "PME status and data select pass, the power state is changed by the host, PME enable reads 0 and stays off",
        },
        new("PM Bridge Extensions", PowerManagementRegisters.BridgeExtensions, 1, WriteRule.ReadOnly, "PCI Power Management 1.2 §3.2.5"),
        new("PM Data", PowerManagementRegisters.Data, 1, WriteRule.ReadOnly, "PCI Power Management 1.2 §3.2.6"),
    ];
}
