using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter;

/// <summary>
/// One function's configuration space as one guest may use it: every access is decided by the function's compiled permissions, and what they leave for
/// hardware is done at once, on the calling thread. Whatever the guest sends ends in a status, never in an exception. Used by one thread at a time; does not
/// own the function. An access allocates nothing. It may block as long as the function does: a reset, or a power state where policy allows those.
/// </summary>
public sealed class FilteredFunction
{
    private AccessPlan _plan;

    /// <summary>A function in a guest's hands, with the registers as the guest finds them first.</summary>
    /// <param name="hardware">The function.</param>
    /// <param name="policy">What the guest may do with it.</param>
    /// <exception cref="UnsupportedFunctionException">The header is neither a device's nor a bridge's (CardBus), or the function does not answer.</exception>
    public FilteredFunction(IPciFunction hardware, AccessPolicy policy)
        : this(hardware, FunctionPermissions.Compile(hardware, policy))
    {
    }

    /// <summary>A function with permissions that were compiled before.</summary>
    /// <param name="hardware">The function.</param>
    /// <param name="compiled">Its permissions, compiled from it or from one of the same kind.</param>
    /// <exception cref="ArgumentException">The two do not have the same length of configuration space.</exception>
    public FilteredFunction(IPciFunction hardware, CompiledFunction compiled) => Assigned = new(hardware, guestAddress: default, compiled);

    /// <summary>The function with its permissions and the guest's state.</summary>
    public AssignedFunction Assigned { get; }

    /// <summary>The permissions.</summary>
    public ConfigSpaceMap Map => Assigned.Map;

    /// <summary>Length of the configuration space in bytes: 64, 256 or 4096.</summary>
    public int Size => Assigned.Map.Size;

    /// <summary>
    /// What a function needs once, before a guest gets it: wake-up events are switched off, and where its power state is only answered it is brought to D0.
    /// </summary>
    /// <returns>False when an access failed, or it does not go to D0.</returns>
    public bool TryPrepare() => SideEffects.Prepare(Assigned);

    /// <summary>Reads as the guest.</summary>
    /// <param name="offset">Offset; any value.</param>
    /// <param name="size">Bytes; any value.</param>
    /// <param name="value">What the guest reads; all ones when it failed, 0 outside the space.</param>
    /// <returns>How it ended.</returns>
    public AccessStatus Read(int offset, int size, out uint value)
    {
        AccessFilter.PlanRead(Assigned, offset, size, ref _plan);
        value = _plan.Value;
        return _plan.StepCount == 0 ? _plan.Status : Run(offset, size, out value);
    }

    /// <summary>Writes as the guest.</summary>
    /// <param name="offset">Offset; any value.</param>
    /// <param name="size">Bytes; any value.</param>
    /// <param name="value">The value; bits above the size are ignored.</param>
    /// <returns>How it ended; success also when policy dropped it.</returns>
    public AccessStatus Write(int offset, int size, uint value) => Write(offset, size, value, out _);

    /// <summary>Writes as the guest.</summary>
    /// <param name="offset">Offset; any value.</param>
    /// <param name="size">Bytes; any value.</param>
    /// <param name="value">The value; bits above the size are ignored.</param>
    /// <param name="denied">Bits that policy dropped although they would have changed something, in the access's lanes.</param>
    /// <returns>How it ended; success also when policy dropped it.</returns>
    public AccessStatus Write(int offset, int size, uint value, out uint denied)
    {
        AccessFilter.PlanWrite(Assigned, offset, size, value, ref _plan);
        denied = _plan.DeniedBits;
        if (denied != 0)
        {
            Assigned.Denied.Note(offset & ~3, ByteLanes.ToDword(denied, offset));
        }

        return _plan.StepCount == 0 ? _plan.Status : Run(offset, size, out _);
    }

    private AccessStatus Run(int offset, int size, out uint value)
    {
        // Withdrawn, or another thread is inside against the rule.
        if (!Assigned.TryBegin())
        {
            value = NoAnswer.Of(size);
            return AccessStatus.OperationFailed;
        }

        Assigned.Log.Clear();
        AccessStatus status = PlanSteps.Run(in _plan, offset, size, Assigned, out value);
        Assigned.End();
        return status;
    }
}
