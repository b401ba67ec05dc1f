using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Effects;

/// <summary>Carries out a plan: what the filter left for hardware to do, in order.</summary>
public static class PlanSteps
{
    /// <summary>
    /// Carries out every step, and ends at the first that fails: what follows was planned on its success. Whoever calls has the function
    /// (<see cref="AssignedFunction.TryBegin"/>). Never throws, never allocates; may block only when the plan said so.
    /// </summary>
    /// <param name="plan">The plan; one without steps needs no call.</param>
    /// <param name="offset">The offset that was planned for.</param>
    /// <param name="size">The size that was planned for: 1, 2 or 4.</param>
    /// <param name="function">The function.</param>
    /// <param name="value">A read's answer, all ones when it failed or when the function is gone; of a write nothing that means anything.</param>
    /// <returns>How the access ended: what the plan says when every step succeeded.</returns>
    public static AccessStatus Run(in AccessPlan plan, int offset, int size, AssignedFunction function, out uint value)
    {
        uint read = 0;
        for (int i = 0; i < plan.StepCount; i++)
        {
            ref readonly PlanStep step = ref plan.Steps[i];
            AccessStatus status = step.Action == PlanAction.Read ? Read(function, in step, offset, out read) : SideEffects.Run(in step, function);
            if (status != AccessStatus.Success)
            {
                value = NoAnswer.Of(size);
                return status;
            }
        }

        // Nothing answers there: not even the bits that memory still holds.
        value = function.IsGone ? NoAnswer.Of(size) : ((plan.Value & ~plan.HardwareMask) | (read & plan.HardwareMask)) & ByteLanes.Mask(size);
        return plan.Status;
    }

    // The step may be wider than the access or lie elsewhere in its dword: the result is moved into the access's lanes.
    private static AccessStatus Read(AssignedFunction function, in PlanStep step, int offset, out uint value)
    {
        bool answered = function.TryReadHardware(step.Offset, step.Size, out value);
        int shift = (step.Offset - offset) * 8;
        value = shift >= 0 ? value << shift : value >> -shift;
        return SideEffects.Status(answered);
    }
}
