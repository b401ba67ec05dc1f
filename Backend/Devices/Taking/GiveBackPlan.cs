using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Filter.Insight;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>How a device goes from custody back to the host.</summary>
internal static class GiveBackPlan
{
    /// <summary>
    /// What is plugged in there now may never have been taken: then its registers are not opened, and its settings are its own. Nor are
    /// those of one that a driver of the host has by now. What a device says of itself does not decide that, because a guest may have changed it. A program
    /// that died on this way left it held: each step takes what is already so.
    /// </summary>
    public static Plan<Transfer> Table { get; } = new("give back",
    [
        // In quarantine it reaches nothing; outside, what a guest told it to do would reach the host. Whether one has, nobody knows: xl may
        // have assigned it to a guest that never claimed it here.
        new("stop and reset it")
        {
            When = IsOurs,
            Condition = Ours,
            Do = static device => device.Host.StopForHost(device),
        },
        new("leave quarantine")
        {
            Do = static device => device.Host.Quarantine.Leave(device.Address),
            Undo = static device => device.Host.Quarantine.Enter(device.Address),
            UndoneBy = "put in again",
        },
        new("release its MSI-X table")
        {
            When = IsOurs,
            Condition = Ours,
            Do = static device => device.Host.ReleaseMsixIfPrepared(device.Record),
            Undo = static device => device.Host.PrepareMsix(device.Record),
            UndoneBy = "prepared again",
        },
        new("disable it")
        {
            When = IsOurs,
            Condition = Ours,
            Do = static device => device.Host.DisableIfEnabled(device.Record),
            Undo = static device => device.Host.Enable(device.Record),
            UndoneBy = "enabled",
        },
        new("restore its settings")
        {
            When = IsOurs,
            Condition = Ours,
            Do = static device => device.Host.RestoreOriginal(device.Registers!, device.Record),
            Undo = static device => device.Record.Clean?.Restore(device.Registers!, out _),
            UndoneBy = "its settings as held",
        },
        new("restore its power settings")
        {
            When = IsOurs,
            Condition = Ours,
            Do = static device => device.Host.RestoreAttributes(device.Record),
            Undo = static device => device.Host.SetAttributes(device.Record),
            UndoneBy = "power kept on",
            IsUndoneWhenHalfDone = true,
        },
        new("let drivers have it")
        {
            When = static device => device.Host.Bus.OverrideOf(device.Address) == HostSnapshot.SetAside,
            Condition = "its override is still ours",
            Do = static device => device.Host.Bus.SetOverride(device.Address, device.Record.OriginalOverride),
            Undo = static device => device.Host.Bus.SetOverride(device.Address, HostSnapshot.SetAside),
            UndoneBy = "drivers are kept away",
        },
        new("forget it")
        {
            Do = static device => device.Host.Records.Remove(device.Address),
            Journal = "record, removed",
        },
    ])
    {
        Explain = static (device, failure) => HostControls.Explain(device.Address, "giving it back", failure),
    };

    private const string Ours = "it was not plugged in anew as another card, and no driver has it";

    private static bool IsOurs(Transfer device) => device.Registers is not null;
}
