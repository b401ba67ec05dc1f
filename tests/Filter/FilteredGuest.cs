using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests;

/// <summary>A guest's view of an emulated function: plans each access and takes its steps at once.</summary>
internal sealed class FilteredGuest
{
    /// <param name="hardware">The function.</param>
    /// <param name="policy">The policy; the default one when not given.</param>
    /// <param name="readAll">Whether every register is read at once.</param>
    /// <param name="around">What the backend has in hand, when it is not the function itself but something around it.</param>
    internal FilteredGuest(EmulatedFunction hardware, AccessPolicy? policy = null, bool readAll = true, IPciFunction? around = null)
    {
        Hardware = hardware;
        Compiled = ConfigSpaceMapCompiler.Compile(around ?? hardware, policy ?? AccessPolicy.Default, readAll);
        Assigned = new AssignedFunction(around ?? hardware, default, Compiled);
        hardware.RecordAccesses(true);
    }

    internal EmulatedFunction Hardware { get; }

    internal CompiledFunction Compiled { get; }

    internal AssignedFunction Assigned { get; }

    internal AccessStatus LastStatus { get; private set; }

    internal uint LastDenied { get; private set; }

    internal bool LastMayBlock { get; private set; }

    internal uint Read(int offset, int size = 4)
    {
        AccessPlan plan = default;
        AccessFilter.PlanRead(Assigned, offset, size, ref plan);
        LastMayBlock = plan.MayBlock;
        uint value = plan.Value;
        LastStatus = plan.Status;
        for (int i = 0; i < plan.StepCount; i++)
        {
            // Assert.Equal would allocate, and allocation is measured through here.
            if (plan.Steps[i].Action != PlanAction.Read)
            {
                Assert.Fail("a read planned something else");
            }

            if (!Assigned.TryReadHardware(plan.Steps[i].Offset, plan.Steps[i].Size, out uint hardware))
            {
                LastStatus = AccessStatus.OperationFailed;
            }

            value |= hardware & plan.HardwareMask;
        }

        return value;
    }

    internal AccessStatus Write(int offset, int size, uint value)
    {
        AccessPlan plan = default;
        AccessFilter.PlanWrite(Assigned, offset, size, value, ref plan);
        LastMayBlock = plan.MayBlock;
        LastStatus = plan.Status;
        LastDenied = plan.DeniedBits;
        for (int i = 0; i < plan.StepCount; i++)
        {
            AccessStatus status = SideEffects.Run(in plan.Steps[i], Assigned);
            if (status != AccessStatus.Success)
            {
                return LastStatus = status;
            }
        }

        return LastStatus;
    }

    /// <summary>What hardware holds, without an access.</summary>
    internal uint Raw(int offset, int size)
    {
        byte[] bytes = Hardware.Snapshot();
        uint value = 0;
        for (int i = size - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[offset + i];
        }

        return value;
    }

    internal IReadOnlyList<RecordedAccess> Accesses()
    {
        IReadOnlyList<RecordedAccess> record = Hardware.RecordedAccesses();
        Hardware.RecordAccesses(true);
        return record;
    }

    internal IReadOnlyList<RecordedAccess> Writes() => [.. Accesses().Where(access => access.IsWrite)];
}
