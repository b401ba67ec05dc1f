using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Reset;

/// <summary>
/// Resets a function as planned and makes sure of the result: bus mastering off first, so that nothing is under way; then the kernel's method; then it must
/// answer again and hold its snapshot's values. The kernel restores what it saved just before, which may be what a guest left or what an
/// error recovery wiped: the snapshot is the truth.
/// </summary>
internal static class FunctionReset
{
    // As Linux pci_wait_for_pending: looks at once and after 100, 200 and 400 ms more, then goes on.
    private static readonly TimeSpan[] PendingWaits =
        [TimeSpan.Zero, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(400)];

    // The kernel has waited for the device already (up to 60 s); this is for methods that do not.
    private static readonly TimeSpan[] AnswerWaits =
        [TimeSpan.Zero, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(90), TimeSpan.FromMilliseconds(400), TimeSpan.FromMilliseconds(500)];

    /// <summary>Resets and restores.</summary>
    /// <param name="bus">The host's bus.</param>
    /// <param name="function">The function, opened for writing.</param>
    /// <param name="plan">How.</param>
    /// <param name="snapshot">How it must be afterwards.</param>
    public static ResetOutcome Run(SysfsBus bus, IPciFunction function, ResetPlan plan, ConfigSnapshot snapshot)
    {
        if (NoAnswer.From(function))
        {
            return Dead("it does not answer (all ones): it was unplugged, or has no power");
        }

        // Before it is asked for power: registers answer in every state above D3cold, and a device that refuses D0 is not to go on writing to memory.
        bool isMaster = !TryEndMastering(function);
        if (!function.TrySetPowerState(0))
        {
            return Dead("it does not go to power state D0");
        }

        isMaster |= !TryEndMastering(function);
        bool isQuiet = WaitForPending(function);
        string? problem = plan.IsPossible ? TryReset(bus, plan) : null;
        if (!WaitForAnswer(function))
        {
            return Dead("it does not answer after the reset");
        }

        IReadOnlyList<string> lost = snapshot.Restore(function, out IReadOnlyList<string> repaired);
        string? unusable = lost.Count > 0 ? $"it did not take back {string.Join(", ", lost)}" : null;
        isMaster |= IsMaster(function);
        return new(plan.IsPossible && problem is null && unusable is null, problem, unusable, repaired, isQuiet)
        {
            NotStopped = isMaster ? "its bus mastering cannot be switched off" : null,
        };

        static ResetOutcome Dead(string why) => new(IsReset: false, Problem: null, why, [], IsQuiet: false) { NotStopped = why };
    }

    // What was written counts for nothing: the device says whether it is off.
    private static bool TryEndMastering(IConfigSpace function)
    {
        if (function.TryRead(ConfigRegisters.Command, 2, out uint command) && (command & CommandBits.BusMaster) != 0)
        {
            function.TryWrite(ConfigRegisters.Command, 2, command & ~CommandBits.BusMaster);
        }

        return !IsMaster(function);
    }

    private static bool IsMaster(IConfigSpace function) =>
        !function.TryRead(ConfigRegisters.Command, 2, out uint command) || (command & CommandBits.BusMaster) != 0;

    private static string? TryReset(SysfsBus bus, ResetPlan plan)
    {
        string before = string.Join(' ', plan.Offered);
        try
        {
            if (plan.IsNarrowed)
            {
                bus.Write(plan.Address, "reset_method", string.Join(' ', plan.Usable.Select(static method => method.Name)));
            }
        }
        catch (IOException refused)
        {
            return $"the kernel does not let the reset method be chosen: {refused.Message}";
        }

        try
        {
            bus.Write(plan.Address, "reset", "1");
            return null;
        }
        catch (IOException refused)
        {
            return $"the kernel could not reset it ({string.Join(", ", plan.Usable.Select(static method => method.Name))}): {refused.Message}";
        }
        finally
        {
            if (plan.IsNarrowed)
            {
                RestoreMethods(bus, plan.Address, before);
            }
        }
    }

    private static void RestoreMethods(SysfsBus bus, PciAddress address, string before)
    {
        try
        {
            bus.Write(address, "reset_method", before);
        }
        catch (IOException)
        {
            // The narrower list stays: it is a subset of what was allowed, and the reset itself is judged by its result.
        }
    }

    private static bool WaitForPending(IConfigSpace function)
    {
        int status = -1;
        uint pending = PciExpressRegisters.TransactionsPending;
        CapabilityList capabilities = CapabilityWalk.Read(function);
        int size = 2;
        if (capabilities.TryFind(CapabilityId.PciExpress, out PciCapability express))
        {
            status = express.Offset + PciExpressRegisters.DeviceStatus;
        }
        else if (capabilities.TryFind(CapabilityId.AdvancedFeatures, out PciCapability features))
        {
            (status, size, pending) = (features.Offset + AdvancedFeaturesRegisters.Status, 1, AdvancedFeaturesRegisters.TransactionsPending);
        }

        if (status < 0)
        {
            return true;
        }

        foreach (TimeSpan wait in PendingWaits)
        {
            Thread.Sleep(wait);
            if (function.TryRead(status, size, out uint value) && (value & pending) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool WaitForAnswer(IConfigSpace function)
    {
        foreach (TimeSpan wait in AnswerWaits)
        {
            Thread.Sleep(wait);
            if (!NoAnswer.From(function))
            {
                return true;
            }
        }

        return false;
    }
}
