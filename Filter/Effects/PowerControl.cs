using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Effects;

/// <summary>
/// Power Management Control/Status (PCI Power Management 1.2 §3.2.4). The guest's own bits are PME_Status and Data_Select; the state is what the guest reads
/// and nothing else (<see cref="Tables.PowerManagementTable"/> says why), or, where policy allows that, changed by the host's kernel, with its rules and
/// delays. PME# stays off: the wake-up would be the host's.
/// </summary>
internal static class PowerControl
{
    private const uint State = PowerManagementRegisters.PowerState;
    private const uint Own = PowerManagementRegisters.PmeStatus | PowerManagementRegisters.DataSelect;

    internal static AccessStatus Write(in PlanStep step, AssignedFunction function)
    {
        if (!function.TryReadHardware(step.Offset, step.Size, out uint old))
        {
            return AccessStatus.OperationFailed;
        }

        if (function.IsGone)
        {
            return AccessStatus.Success;
        }

        bool isReal = IsReal(function);
        uint seen = isReal ? old : ByteLanes.Merge(old, ByteLanes.FromDword(function.Registers[step.Offset >> 2], step.Offset, step.Size), State);
        uint wanted = ByteLanes.Merge(seen, step.Value, step.Mask);
        uint own = ByteLanes.Merge(old, wanted, Own) & ~PowerManagementRegisters.PmeEnable;
        if (((old ^ wanted) & Own) != 0 && !function.TryWriteHardware(step.Offset, step.Size, own))
        {
            return AccessStatus.OperationFailed;
        }

        uint state = wanted & State;
        if (!isReal)
        {
            return Answer(step.Offset, function, from: (int)(seen & State), (int)state);
        }

        if (!function.Hardware.TrySetPowerState((int)state))
        {
            return AccessStatus.AccessDenied;
        }

        if (state == (old & State))
        {
            return AccessStatus.Success;
        }

        function.Refresh();

        // Without No_Soft_Reset the way up from D3hot is a reset.
        if (state == 0)
        {
            function.AfterReset?.Invoke(function);
        }

        return AccessStatus.Success;
    }

    /// <summary>The function was reset: that ends in D0.</summary>
    internal static void NoteReset(AssignedFunction function)
    {
        int offset = function.PowerControlOffset;
        if (offset >= 0 && !IsReal(function))
        {
            Show(offset, function, state: 0);
        }
    }

    internal static bool Prepare(AssignedFunction function)
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

        if (function.IsGone)
        {
            return true;
        }

        // PME_Status clears on a one: not ours to clear here.
        return ((value & PowerManagementRegisters.PmeEnable) == 0
                || function.TryWriteHardware(offset, 2, value & ~(PowerManagementRegisters.PmeEnable | PowerManagementRegisters.PmeStatus)))
            && (IsReal(function) || (value & State) == 0 || function.Hardware.TrySetPowerState(0));
    }

    private static bool IsReal(AssignedFunction function) => (function.Map.Settings & MapSettings.PowerStates) != 0;

    // Refused as the real one is: a driver finds no difference.
    private static AccessStatus Answer(int offset, AssignedFunction function, int from, int state)
    {
        uint capabilities = 0;
        if (state is 1 or 2
            && !function.TryReadHardware(offset - PowerManagementRegisters.ControlStatus + PowerManagementRegisters.Capabilities, 2, out capabilities))
        {
            return AccessStatus.OperationFailed;
        }

        if (!PowerStates.Allows(capabilities, from, state))
        {
            return AccessStatus.AccessDenied;
        }

        Show(offset, function, (uint)state);
        return AccessStatus.Success;
    }

    private static void Show(int offset, AssignedFunction function, uint state)
    {
        uint bits = ByteLanes.ToDword(State, offset) & function.Map[offset >> 2].Virtual;
        ref uint seenByGuest = ref function.Registers[offset >> 2];
        seenByGuest = ByteLanes.Merge(seenByGuest, ByteLanes.ToDword(state, offset), bits);
    }
}
