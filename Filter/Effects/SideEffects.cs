using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;

namespace PciBackFlow.Filter.Effects;

/// <summary>Carries out the steps of a plan that change something: plain writes and the registers with a side effect, one file each.</summary>
public static class SideEffects
{
    /// <summary>Carries out one step. Never throws, never allocates; may block only when the plan said so.</summary>
    /// <param name="step">Any step but <see cref="PlanAction.Read"/>.</param>
    /// <param name="function">The function it belongs to.</param>
    /// <returns>Success; access_denied when the register's own rule refused the value; op_failed when hardware or the host did.</returns>
    public static AccessStatus Run(in PlanStep step, AssignedFunction function) => step.Action switch
    {
        PlanAction.Write => Status(function.TryWriteHardware(step.Offset, step.Size, step.Value)),
        PlanAction.Merge => Merge(in step, function),
        PlanAction.Command => CommandRegister.Write(in step, function),
        PlanAction.RestoreBaseAddress => BaseAddressRestore.Write(in step, function),
        PlanAction.SelfTest => SelfTest.Write(in step, function),
        PlanAction.PowerControl => PowerControl.Write(in step, function),
        PlanAction.VpdAddress => VpdAddress.Write(in step, function),
        PlanAction.MsiControl => MessageControl.Write(in step, function, MessageControl.Msi),
        PlanAction.MsixControl => MessageControl.Write(in step, function, MessageControl.Msix),
        PlanAction.FunctionLevelReset => FunctionLevelReset.Write(function),
        _ => AccessStatus.OperationFailed,
    };

    /// <summary>
    /// What a function needs once, before a guest gets it: wake-up events are switched off, and where its power state is only answered it is brought to D0.
    /// May block.
    /// </summary>
    /// <param name="function">The function. Its hardware may be written.</param>
    /// <returns>False when an access failed, or it does not go to D0.</returns>
    public static bool Prepare(AssignedFunction function) => PowerControl.Prepare(function);

    /// <summary>
    /// Resets a function for its guest, who keeps it: as the guest's own function level reset, its interrupts and what memory answers included. Whoever calls
    /// has the function (<see cref="AssignedFunction.TryBegin"/>). May block for seconds.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <param name="hasBeenReset">Whether its link was reset by the kernel: a function that the host has no other way to reset is as good as one, then.</param>
    /// <returns>False when the host could not.</returns>
    public static bool Reset(AssignedFunction function, bool hasBeenReset) =>
        FunctionLevelReset.Write(function) == AccessStatus.Success || (hasBeenReset && FunctionLevelReset.PutBack(function));

    /// <summary>
    /// Writes back what a reset by the kernel has lost, without another one. Whoever calls has the function (<see cref="AssignedFunction.TryBegin"/>).
    /// May block.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <returns>False when the host could not.</returns>
    public static bool PutBack(AssignedFunction function) => FunctionLevelReset.PutBack(function);

    internal static AccessStatus Status(bool done) => done ? AccessStatus.Success : AccessStatus.OperationFailed;

    // Of a function that is gone there is nothing to merge with, should it be back at the write.
    private static AccessStatus Merge(in PlanStep step, AssignedFunction function)
        => Status(function.TryReadHardware(step.Offset, step.Size, out uint old)
            && (function.IsGone || function.TryWriteHardware(step.Offset, step.Size, ByteLanes.Merge(old, step.Value, step.Mask))));
}
