using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Tables;

/// <summary>
/// Power Management (PCI Power Management 1.2 §3.2). PME# is the host's: the guest never learns of it. A power state is answered and not done, unless policy
/// says otherwise: in D3hot the function answers no access to its memory, which the guest and Xen (the MSI-X table) have mapped, with Unsupported Request
/// (PCI Express Base 3.0 §5.3.1.4.1), and that is fatal where firmware handles errors. Then No_Soft_Reset reads 1, as in QEMU's hw/xen/xen_pt_config_init.c:
/// what is not done loses nothing, and no guest takes it for a reset.
/// </summary>
internal static class PowerManagementTable
{
    private const uint Answered = PowerManagementRegisters.PowerState | PowerManagementRegisters.NoSoftReset;

    internal static RegisterDefinition[] Rows(MapSettings settings) =>
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
            Virtual = PowerManagementRegisters.PmeEnable | (IsReal(settings) ? 0 : Answered),
            Value = IsReal(settings) ? 0 : PowerManagementRegisters.NoSoftReset,
            Writable = PowerManagementRegisters.PmeStatus | PowerManagementRegisters.DataSelect | PowerManagementRegisters.PowerState,
            Rw1c = PowerManagementRegisters.PmeStatus,
            EffectMask = 0xFFFF,
            Effect = PlanAction.PowerControl,
            Note = IsReal(settings)
                ? "PME status and data select pass, the power state is changed by the host, PME enable reads 0 and stays off"
                : "PME status and data select pass, the power state reads as written while the function stays in D0 (allow_power_states), "
                    + "no soft reset reads 1, PME enable reads 0 and stays off",
        },
        new("PM Bridge Extensions", PowerManagementRegisters.BridgeExtensions, 1, WriteRule.ReadOnly, "PCI Power Management 1.2 §3.2.5"),
        new("PM Data", PowerManagementRegisters.Data, 1, WriteRule.ReadOnly, "PCI Power Management 1.2 §3.2.6"),
    ];

    private static bool IsReal(MapSettings settings) => (settings & MapSettings.PowerStates) != 0;
}
