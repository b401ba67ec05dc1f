using PciBackFlow.Backend.Plans;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>
/// How a taking that a program died in is undone: what <see cref="TakePlan"/> undoes, from its end, each as far as it can be. Which steps
/// were taken nobody knows.
/// </summary>
internal static class AbandonPlan
{
    public static Plan<Transfer> Table { get; } = new("undo an interrupted take",
    [
        new("leave quarantine")
        {
            When = IsThere,
            Condition = There,
            Do = static device => device.Host.Quarantine.Leave(device.Address),
            IsBestEffort = true,
        },
        new("release its MSI-X table")
        {
            When = IsThere,
            Condition = There,
            Do = static device => device.Host.ReleaseMsix(device.Record),
            IsBestEffort = true,
        },
        new("disable it")
        {
            When = IsThere,
            Condition = There,
            Do = static device => device.Host.DisableIfEnabled(device.Record),
            IsBestEffort = true,
        },
        new("restore its power settings")
        {
            When = IsThere,
            Condition = There,
            Do = static device => device.Host.RestoreAttributes(device.Record),
            IsBestEffort = true,
        },
        new("give it to its driver")
        {
            When = IsThere,
            Condition = There,
            Do = static device => device.Host.LeaveToHost(device.Record),
            IsBestEffort = true,
        },
        new("forget it")
        {
            Do = static device => device.Host.Records.Remove(device.Address),
            Journal = "record, removed",
        },
    ]);

    private const string There = "it is there";

    private static bool IsThere(Transfer device) => device.Host.Bus.Exists(device.Address);
}
