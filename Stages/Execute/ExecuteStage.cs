using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Execute;

/// <summary>Takes the plan's steps on the function, or the interrupt operation. The only stage that touches hardware and may block.</summary>
public readonly struct ExecuteStage : IStage<GuestOperation>
{
    /// <inheritdoc/>
    public static string Name => "execute";

    /// <inheritdoc/>
    public StageFlow Process(GuestOperation item)
    {
        if (item.IsDecided || item.Function is not { } function)
        {
            return StageFlow.Continue;
        }

        if (item.IsConfigAccess)
        {
            RunPlan(item, function);
        }
        else if (item.Connection?.Interrupts is { } interrupts)
        {
            InterruptRequests.Run(item, function, interrupts);
        }
        else
        {
            // Withdrawn since the request was decoded.
            item.Decide(PciOpStatus.NotImplemented, item.Value);
        }

        return StageFlow.Continue;
    }

    private static void RunPlan(GuestOperation item, AssignedFunction function)
    {
        ref AccessPlan plan = ref item.Plan;
        uint read = 0;
        for (int i = 0; i < plan.StepCount; i++)
        {
            ref readonly PlanStep step = ref plan.Steps[i];
            item.HardwareAccesses++;
            PciOpStatus status = PciOpStatus.Success;
            switch (step.Action)
            {
                case PlanAction.Read:
                    status = Read(function, in step, item.Request.Offset, out read);
                    break;
                case PlanAction.Write:
                    status = StatusOf(function.TryWriteHardware(step.Offset, step.Size, step.Value));
                    break;
                case PlanAction.Merge:
                    item.HardwareAccesses++;
                    status = Merge(function, in step);
                    break;
                default:
                    status = PciOpStatus.OperationFailed;
                    break;
            }

            if (status != PciOpStatus.Success)
            {
                Refuse(item, status);
                return;
            }
        }

        item.Decide(
            plan.Status,
            item.Request.Command == PciOpCode.ConfigRead
                ? ((plan.Value & ~plan.HardwareMask) | (read & plan.HardwareMask)) & GuestOperation.MaskOf(item.Request.Size)
                : item.Value);
    }

    // The step may be wider than the request or lie elsewhere in its dword: the result is moved into the request's lanes.
    private static PciOpStatus Read(AssignedFunction function, in PlanStep step, int requestOffset, out uint value)
    {
        bool answered = function.TryReadHardware(step.Offset, step.Size, out value);
        int shift = (step.Offset - requestOffset) * 8;
        value = shift >= 0 ? value << shift : value >> -shift;
        return StatusOf(answered);
    }

    private static PciOpStatus Merge(AssignedFunction function, in PlanStep step) =>
        StatusOf(function.TryReadHardware(step.Offset, step.Size, out uint now)
            && function.TryWriteHardware(step.Offset, step.Size, (now & ~step.Mask) | (step.Value & step.Mask)));

    private static void Refuse(GuestOperation item, PciOpStatus status)
    {
        if (status == PciOpStatus.OperationFailed)
        {
            item.Fail();
        }
        else
        {
            item.Decide(status, item.Value);
        }
    }

    private static PciOpStatus StatusOf(bool done) => done ? PciOpStatus.Success : PciOpStatus.OperationFailed;
}
