using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Effects;

/// <summary>BIST (PCI Local Bus 3.0 §6.2.4): the guest may start the test and do nothing else.</summary>
internal static class SelfTest
{
    internal static AccessStatus Write(in PlanStep step, AssignedFunction function)
    {
        if (step.Value != SelfTestBits.Start)
        {
            if (!function.TryReadHardware(step.Offset, step.Size, out uint hardware))
            {
                return AccessStatus.OperationFailed;
            }

            if (function.IsGone || ((hardware ^ step.Value) & ~(uint)SelfTestBits.Start) != 0)
            {
                return AccessStatus.Success;
            }
        }

        return SideEffects.Status(function.TryWriteHardware(step.Offset, step.Size, step.Value));
    }
}
