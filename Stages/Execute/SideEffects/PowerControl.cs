using PciBackFlow.Hardware.Pci.Registers;
using PciBackFlow.Stages.Filter.Map;
using PciBackFlow.Stages.Filter.Run;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Execute.SideEffects;

/// <summary>
/// Power Management Control/Status (PCI Power Management 1.2 §3.2.4). The guest's own bits are PME_Status and Data_Select; the state
/// is changed by the host's kernel, with its rules and delays. PME# stays off: the wake-up would be the host's.
/// </summary>
internal static class PowerControl
{
    private const uint Own = PowerManagementRegisters.PmeStatus | PowerManagementRegisters.DataSelect;

    internal static PciOpStatus Write(in PlanStep step, AssignedFunction function)
    {
        if (!function.TryReadHardware(step.Offset, step.Size, out uint old))
        {
            return PciOpStatus.OperationFailed;
        }

        if (function.IsGone)
        {
            return PciOpStatus.Success;
        }

        uint wanted = ByteLanes.Merge(old, step.Value, step.Mask);
        uint own = ByteLanes.Merge(old, wanted, Own) & ~PowerManagementRegisters.PmeEnable;
        if (((old ^ wanted) & Own) != 0 && !function.TryWriteHardware(step.Offset, step.Size, own))
        {
            return PciOpStatus.OperationFailed;
        }

        uint state = wanted & PowerManagementRegisters.PowerState;
        if (!function.Hardware.TrySetPowerState((int)state))
        {
            return PciOpStatus.AccessDenied;
        }

        if (state == (old & PowerManagementRegisters.PowerState))
        {
            return PciOpStatus.Success;
        }

        function.Refresh();

        // Without No_Soft_Reset the way up from D3hot is a reset.
        if (state == 0)
        {
            function.AfterReset?.Invoke(function);
        }

        return PciOpStatus.Success;
    }

    internal static bool DisableWakeUp(AssignedFunction function)
    {
        // Hidden from the guest or emulated for it, the register is there all the same. One that lies over a denied register is a lie.
        int offset = function.PowerControlOffset;
        if (offset < 0 || ByteLanes.FromDword(function.Map[offset >> 2].Denied, offset, 2) != 0)
        {
            return true;
        }

        if (!function.TryReadHardware(offset, 2, out uint value))
        {
            return false;
        }

        if (function.IsGone || (value & PowerManagementRegisters.PmeEnable) == 0)
        {
            return true;
        }
        // PME_Status clears on a one: not ours to clear here.
        return function.TryWriteHardware(offset, 2, value & ~(PowerManagementRegisters.PmeEnable | PowerManagementRegisters.PmeStatus));
    }
}
