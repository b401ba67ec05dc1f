using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Plans;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>What a daemon does at its start with what an earlier one left half done: completes it, or undoes it in reverse.</summary>
internal static class RecoverPlan
{
    // Each device is exactly one of these.
    private static readonly Plan<RecoveredDevice> RecoverDevice = new("recover a device",
    [
        new("forget an interrupted detach of xl's device")
        {
            // The request is as good as withdrawn, xl's grants are untouched.
            When = static device => device.IsForeign,
            Condition = "xl attached it",
            Do = static device => device.Recovery.Services.Journal.Close(device.Announced!),
            Journal = "Nodes (xl's): closed",
        },
        new("note that its attach is complete")
        {
            When = static device => device is { IsForeign: false, IsWhole: true, IsAskedFor: false },
            Condition = "all of it was granted, its keys are written, and its guest was not asked for it",
            Do = Complete,
            Journal = "Nodes: result",
        },
        new("go on with its detach")
        {
            When = static device => device is { IsForeign: false, IsWhole: true, IsAskedFor: true },
            Condition = "the same, but its guest was asked for it",
            DoAsync = DetachAsync,
            Patience = "as detach",
        },
        new("undo its attach")
        {
            When = static device => device is { IsForeign: false, IsWhole: false },
            Condition = "something of it is missing, or its guest does not live",
            DoAsync = UndoAsync,
            Patience = "as reclaim",
        },
    ]);

    public static Plan<Recovery> Table { get; } = new("recover",
    [
        new("finish each device")
        {
            Nested = new NestedPlan<Recovery, RecoveredDevice>(RecoverDevice, "device", static recovery => [.. recovery.Devices()])
            {
                Survives = Survives,
            },
        },
        new("let the guest go if it was paused for a device") { Do = static recovery => recovery.Pauses.Recover(recovery.Life), Journal = "Pause: closed" },
    ]);

    private static void Complete(RecoveredDevice device)
    {
        ToolstackServices services = device.Recovery.Services;

        // Most were complete long before.
        if (!device.Announced!.IsDone)
        {
            services.Journal.Complete(device.Announced);
            ToolstackLog.Recovered(services.Logger, device.Recovery.Life.DomainId, device.Device, "completed");
        }
    }

    private static async Task DetachAsync(RecoveredDevice device, CancellationToken cancellationToken)
    {
        ToolstackServices services = device.Recovery.Services;
        DomainLife life = device.Recovery.Life;
        await Detachment.CarryAsync(services, life, [device.Device], [], force: false, CancellationToken.None).ConfigureAwait(false);
        ToolstackLog.Recovered(services.Logger, life.DomainId, device.Device, "completed");
    }

    /// <summary>One that was attached again after a reboot of its guest is still wanted: it is undone, and done again.</summary>
    private static async Task UndoAsync(RecoveredDevice device, CancellationToken cancellationToken)
    {
        ToolstackServices services = device.Recovery.Services;
        DomainLife life = device.Recovery.Life;
        bool isThisBootsGuest = services.Domains.IsAlive(life);
        JournalEntry[] wishes = [.. services.Journal.WishesFor(device.Device).Where(wish => wish.Life.IsSameGuestAs(life))];
        bool isAgain = wishes.Any(wish => wish.Life != life);
        await Reclamation.CarryAsync(services, life, [device.Device], isThisBootsGuest && !isAgain).ConfigureAwait(false);
        foreach (JournalEntry wish in wishes.Where(wish => isAgain && wish.Life == life))
        {
            services.Journal.Close(wish);
        }

        ToolstackLog.Recovered(services.Logger, life.DomainId, device.Device, "undone");
    }

    // The journal keeps what is left; the daemon starts for the other guests. What can't even be looked at is looked at again.
    private static bool Survives(RecoveredDevice device, Exception failure)
    {
        if (device.IsForeign || device is { IsWhole: true, IsAskedFor: false } || !StepFailure.IsExpected(failure))
        {
            return false;
        }

        // Expected, and no defect: where it happened helps nobody.
        ToolstackLog.StillInterrupted(device.Recovery.Services.Logger, device.Recovery.Life.DomainId, device.Device, failure.Message);
        return true;
    }
}
