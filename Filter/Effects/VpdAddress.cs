using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Effects;

/// <summary>VPD address (PCI Local Bus 3.0 appendix I): a read may be started, a write (F set) never, in any policy.</summary>
internal static class VpdAddress
{
    internal static AccessStatus Write(in PlanStep step, AssignedFunction function)
    {
        uint wanted = step.Value;
        if (step.Mask != ByteLanes.Mask(step.Size))
        {
            if (!function.TryReadHardware(step.Offset, step.Size, out uint old))
            {
                return AccessStatus.OperationFailed;
            }

            wanted = ByteLanes.Merge(old, step.Value, step.Mask);
        }

        return (wanted & VpdRegisters.Flag) != 0
            ? AccessStatus.AccessDenied
            : SideEffects.Status(function.TryWriteHardware(step.Offset, step.Size, wanted));
    }
}
