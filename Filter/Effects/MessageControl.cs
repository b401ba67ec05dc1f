using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Effects;

/// <summary>
/// Message Control of MSI and MSI-X (PCI Local Bus 3.0 §6.8.1.3, §6.8.2.3). The host programs messages for the guest, so the
/// guest's writes change nothing unless policy hands interrupt control to a device model; then only between states that the
/// host can follow.
/// </summary>
internal static class MessageControl
{
    /// <summary>The MSI control's rules.</summary>
    internal static readonly Kind Msi = new(
        MsiRegisters.Enable, Allowed: MsiRegisters.Enable, PlanAction.MsixControl, MsiXRegisters.Enable);

    /// <summary>The MSI-X control's rules.</summary>
    internal static readonly Kind Msix = new(
        MsiXRegisters.Enable, Allowed: MsiXRegisters.Enable | MsiXRegisters.FunctionMask, PlanAction.MsiControl, MsiRegisters.Enable);

    internal static AccessStatus Write(in PlanStep step, AssignedFunction function, in Kind kind)
    {
        if (!function.TryReadHardware(step.Offset, step.Size, out uint hardware))
        {
            return AccessStatus.OperationFailed;
        }

        if (function.IsGone)
        {
            return AccessStatus.Success;
        }
        // Bits that the guest sees from memory say nothing about hardware.
        uint isVirtual = ByteLanes.FromDword(function.Map[step.Offset >> 2].Virtual, step.Offset, step.Size);
        uint wanted = ByteLanes.Merge(hardware, step.Value, step.Mask & ~isVirtual);
        if ((function.Map.Settings & MapSettings.Permissive) != 0)
        {
            return SideEffects.Status(function.TryWriteHardware(step.Offset, step.Size, wanted));
        }

        if (wanted == hardware)
        {
            return AccessStatus.Success;
        }

        if ((function.Map.Settings & MapSettings.InterruptControl) == 0 || ((wanted ^ hardware) & ~kind.Allowed) != 0)
        {
            return AccessStatus.AccessDenied;
        }

        if ((wanted & kind.Enable) != 0 && OtherIsOn(function, in kind))
        {
            return AccessStatus.AccessDenied;
        }

        return SideEffects.Status(function.TryWriteHardware(step.Offset, step.Size, wanted));
    }

    // INTx and "none" both give way to a message; the other kind of message does not.
    private static bool OtherIsOn(AssignedFunction function, in Kind kind)
    {
        int offset = function.Map.OffsetOf(kind.Other);
        return offset >= 0 && (!function.TryReadHardware(offset, 2, out uint control) || (control & kind.OtherEnable) != 0);
    }

    /// <summary>What differs between the two.</summary>
    /// <param name="Enable">The enable bit.</param>
    /// <param name="Allowed">Bits that a guest with interrupt control may change.</param>
    /// <param name="Other">The other kind's control.</param>
    /// <param name="OtherEnable">Its enable bit.</param>
    internal readonly record struct Kind(uint Enable, uint Allowed, PlanAction Other, uint OtherEnable);
}
