using System.Runtime.CompilerServices;
using PciBackFlow.Filter.Map;

namespace PciBackFlow.Filter.Run;

/// <summary>
/// What the filter decided about one access: the part it answers itself and the steps that the execute stage takes on the
/// function. A step that fails replaces the status; a plan without steps never touches the bus.
/// </summary>
public struct AccessPlan
{
    /// <summary>Upper bound of steps: one for each byte of a dword, and one read.</summary>
    public const int MaxSteps = 5;

    /// <summary>The answer so far.</summary>
    public AccessStatus Status;

    /// <summary>Read: the bits that need no hardware, in the request's lanes.</summary>
    public uint Value;

    /// <summary>Read: the bits to take from hardware, in the request's lanes.</summary>
    public uint HardwareMask;

    /// <summary>Write: the bits that policy dropped although they differ from what the guest reads, in the request's lanes.</summary>
    public uint DeniedBits;

    /// <summary>Whether a step is one that may block for long whatever the function, so that the plan leaves the shard.</summary>
    public bool MayBlock;

    /// <summary>How many steps there are.</summary>
    public int StepCount;

    /// <summary>The steps, in order.</summary>
    public StepArray Steps;

    /// <summary>Fixed room for the steps.</summary>
    [InlineArray(MaxSteps)]
    public struct StepArray
    {
        private PlanStep _first;
    }
}
