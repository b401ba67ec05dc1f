using PciBackFlow.Stages.Filter.Run;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Execute.SideEffects;

/// <summary>A guest wrote the host's own address into a base address register: give it back to hardware that lost it in a reset.</summary>
internal static class BaseAddressRestore
{
    internal static PciOpStatus Write(in PlanStep step, AssignedFunction function)
    {
        if (!function.TryReadHardware(step.Offset, step.Size, out uint hardware))
        {
            return PciOpStatus.OperationFailed;
        }

        return SideEffects.Status(hardware == step.Value || function.IsGone || function.TryWriteHardware(step.Offset, step.Size, step.Value));
    }
}
