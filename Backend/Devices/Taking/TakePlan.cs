using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Filter.Insight;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>How a device comes from the host into custody.</summary>
internal static class TakePlan
{
    /// <summary>
    /// What reaches the device before it is in quarantine is the host's; the reset is the last thing done to it outside. The record's first
    /// form is an intent: it names
    /// everything that is about to change, so that whoever finds it can change it back.
    /// </summary>
    public static Plan<Transfer> Table { get; } = new("take",
    [
        new("remember it")
        {
            Do = static device => device.Host.Records.Put(device.Record),
            Journal = "record, an intent",
            Undo = static device => device.Host.Records.Restore(device.Address, device.Earlier),
            UndoneBy = "the record of before, or none",
        },
        new("keep drivers away")
        {
            Do = static device => device.Host.Bus.SetOverride(device.Address, HostSnapshot.SetAside),
            Undo = static device => device.Host.LeaveToHost(device.Record),
            UndoneBy = "its override of before; its driver gets it",
        },
        new("unbind its driver")
        {
            Title = static device => $"unbind {device.Driver ?? "nothing"}",
            Do = static device => device.Host.Bus.Unbind(device.Address),
        },
        new("keep its power on")
        {
            Do = static device => device.Host.SetAttributes(device.Record),
            Undo = static device => device.Host.RestoreAttributes(device.Record),
            UndoneBy = "its power settings of before, and its port's",
            IsUndoneWhenHalfDone = true,
        },
        new("open it")
        {
            Do = static device => device.Registers = device.Host.Bus.Open(device.Address),
            Undo = static device => device.Registers?.Dispose(),
            UndoneBy = "closed",
        },
        new("wake it") { Do = static device => HostControls.Wake(device.Registers!) },
        new("read its settings")
        {
            Do = static device => device.Record = device.Record with { Original = ConfigSnapshot.Take(device.Registers!) },
            Undo = static device => HostControls.RestoreOrThrow(device.Registers!, device.Record.Original!),
            UndoneBy = "its settings of before",
        },
        new("enable it")
        {
            Do = static device => device.Host.Enable(device.Record),
            Undo = static device => device.Host.Disable(device.Record),
            UndoneBy = "disabled",
        },
        new("find its interrupt line") { Do = static device => device.Record = device.Record with { Line = device.Host.LineOf(device.Registers!) } },
        new("see who shares its line") { Do = static device => device.Host.CheckLine(device) },
        new("prepare its MSI-X table")
        {
            Do = static device => device.Host.PrepareMsix(device.Record),
            Undo = static device => device.Host.ReleaseMsix(device.Record),
            UndoneBy = "released",
        },
        new("reset it") { Do = Reset },
        new("put it in quarantine")
        {
            Do = static device => device.Host.Quarantine.Enter(device.Address),
            Undo = static device => device.Host.Quarantine.Leave(device.Address),
            UndoneBy = "taken out",
        },
        new("write it down")
        {
            Do = static device =>
            {
                device.Record = device.Record with { Warnings = [.. device.Warnings.Distinct()] };
                device.Host.Records.Put(device.Record);
            },
            Journal = "record, held",
        },
    ])
    {
        Explain = static (device, failure) => HostControls.Explain(device.Address, "taking it", failure),
    };

    private static void Reset(Transfer device)
    {
        RememberClean(device);
        ResetOutcome outcome = device.Host.Reset(device.Registers!, device.Record);
        if (outcome.Unusable is not null)
        {
            throw new IOException(outcome.Unusable);
        }

        if (outcome.Problem is not null)
        {
            if (!device.IsForced)
            {
                throw new BackendException(BackendFailure.Refused, $"{outcome.Problem}. Take it with --force if guests may find what others left in it");
            }

            device.Warnings.Add(outcome.Problem);
        }

        device.Record = device.Record with { IsResetOptional = outcome.Problem is not null };
    }

    // As it is now, but for what would let it act by itself: every guest gets it like this.
    private static void RememberClean(Transfer device) =>
        device.Record = device.Record with { Clean = ConfigSnapshot.Take(device.Registers!).Quiet() };
}
