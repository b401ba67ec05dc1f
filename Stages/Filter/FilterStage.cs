using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Filter;

/// <summary>Asks the function's permissions what the access may do, and whether doing it could block.</summary>
public readonly struct FilterStage : IStage<GuestOperation>
{
    /// <inheritdoc/>
    public static string Name => "filter";

    /// <inheritdoc/>
    public StageFlow Process(GuestOperation item)
    {
        if (item.IsDecided || item.Function is not { } function)
        {
            return StageFlow.Continue;
        }

        ref AccessPlan plan = ref item.Plan;
        switch (item.Request.Command)
        {
            case PciOpCode.ConfigRead:
                AccessFilter.PlanRead(function, item.Request.Offset, item.Request.Size, ref plan);
                break;
            case PciOpCode.ConfigWrite:
                AccessFilter.PlanWrite(function, item.Request.Offset, item.Request.Size, item.Request.Value, ref plan);

                // Refused for the register it touches, although it would change nothing: there is no bit to name, but it counts.
                item.DeniedBits = plan.DeniedBits == 0 && plan.Status == AccessStatus.AccessDenied ? ByteLanes.Mask(item.Request.Size) : plan.DeniedBits;
                if (plan.DeniedBits != 0)
                {
                    function.Denied.Note(item.Request.Offset & ~3, ByteLanes.ToDword(plan.DeniedBits, item.Request.Offset));
                    item.Connection?.DeniedWrites.Note(function, item.Request.Offset, item.Request.Size, item.Request.Value, plan.DeniedBits);
                }

                break;
            default:
                // Interrupts are set up by calls into the host's kernel or hypervisor, which may sleep.
                item.WasOffloaded = true;
                return StageFlow.Offload;
        }

        if (plan.StepCount == 0)
        {
            item.Decide(plan.Status, item.Request.Command == PciOpCode.ConfigRead ? plan.Value : item.Value);
            return StageFlow.Continue;
        }

        if (plan.MayBlock || function.IsSlow)
        {
            item.WasOffloaded = true;
            return StageFlow.Offload;
        }

        return StageFlow.Continue;
    }
}
