using System.Diagnostics;
using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
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
            long begun = item.TracedSince == 0 ? 0 : Stopwatch.GetTimestamp();
            InterruptRequests.Run(item, function, interrupts);
            if (begun != 0)
            {
                item.NoteExecuted(begun, function: null);
            }
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
        // A worker that missed its deadline may still be inside this function. Failing at once keeps two threads out of one register
        // sequence, and keeps a guest that asks again and again from filling all workers with a function that hangs.
        if (!function.TryBegin())
        {
            item.Fail();
            return;
        }

        long accesses = function.HardwareReads + function.HardwareWrites;
        function.Log.Clear();

        // One access for the watchdog, however many steps. Should it find the access stuck and take the shard from this thread,
        // the steps still are finished: they touch the item and its function only, and the engine decides whose answer counts.
        item.EnterAccess();
        long begun = Stopwatch.GetTimestamp();
        long took = 0;
        AccessStatus status = PlanSteps.Run(in item.Plan, item.Request.Offset, item.Request.Size, function, out uint read);
        if (!item.Plan.MayBlock)
        {
            // What may block says nothing about the function's registers: a reset takes its time on any.
            long now = Stopwatch.GetTimestamp();
            took = now - begun;
            item.WasSlow = took >= AccessPace.Allowed;
            function.NoteTime(now, took);
        }

        item.LeaveAccess();
        if (item.TracedSince != 0)
        {
            item.NoteExecuted(begun, function);
        }

        item.HardwareAccesses = (int)(function.HardwareReads + function.HardwareWrites - accesses);
        if (took != 0 && item.HardwareAccesses != 0)
        {
            item.NoteAccesses(item.HardwareAccesses, took);
        }

        function.End();
        if (status == AccessStatus.AccessDenied && item.DeniedBits == 0)
        {
            // The register's own rule looked at hardware and refused: which bits it minds only it knows, so all that were written count.
            item.DeniedBits = ByteLanes.Mask(item.Request.Size);
        }

        if (status == AccessStatus.OperationFailed)
        {
            item.Fail();
            return;
        }

        item.Decide(status, item.Request.Command == PciOpCode.ConfigRead ? read : item.Value);
    }
}
