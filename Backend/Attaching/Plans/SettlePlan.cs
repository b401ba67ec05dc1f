using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>A guest that died, halted or was taken offline, or whose devices xl removed: what it had of ours is taken back.</summary>
internal static class SettlePlan
{
    public static Plan<Settlement> Table { get; } = new("settle",
    [
        new("find what it lost") { Do = static settlement => settlement.Find() },
        new("reclaim it")
        {
            When = static settlement => settlement.Orphaned!.Devices.Count > 0,
            Condition = "it lost devices that this daemon granted",
            Nested = new NestedPlan<Settlement, Reclamation>(ReclaimPlan.Table, forEach: null, static settlement => [settlement.Orphaned!]),
        },
        new("unmap messages of xl's devices that an earlier daemon mapped") { Do = RevokeMessages, Journal = "Messages: closed" },
        new("forget what it could reach")
        {
            When = static settlement => OrphanedDevices.ReachedInVain(settlement.Services, settlement.Life).Count > 0,
            Condition = "it lives no more",
            Do = static settlement =>
            {
                foreach (JournalEntry reached in OrphanedDevices.ReachedInVain(settlement.Services, settlement.Life))
                {
                    settlement.Services.Journal.Close(reached);
                }
            },
            Journal = "Reached: closed",
        },
    ]);

    private static void RevokeMessages(Settlement settlement)
    {
        List<string> failures = [];
        foreach (PciAddress device in OrphanedDevices.WithMessagesAlone(settlement.Services, settlement.Life))
        {
            InheritedDevices.Stop(settlement.Services, settlement.Life, device);
            failures.AddRange(InheritedMessages.RevokeAll(settlement.Services, settlement.Life, device).Select(failure => $"{device}: {failure}"));
        }

        if (failures.Count > 0)
        {
            throw new BackendException(
                BackendFailure.Failed, $"domain {settlement.Life.DomainId}: not everything could be revoked: {string.Join("; ", failures)}");
        }
    }
}
