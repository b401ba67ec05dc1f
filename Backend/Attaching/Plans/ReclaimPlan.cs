using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>
/// Takes devices from a guest without asking it: for an attach that failed, a guest that ended, keys that xl removed. The keys go first,
/// upon which the backend takes the
/// function out of the guest's table and resets it; then what the journal says is revoked. Every step may have been done already.
/// </summary>
internal static class ReclaimPlan
{
    public static Plan<Reclamation> Table { get; } = new("reclaim",
    [
        new("remove their keys")
        {
            When = static reclamation =>
                !reclamation.LeavesKeys && reclamation.Services.Domains.StageOf(reclamation.Life) != LifeStage.Replaced,
            Condition = "the domid is not another guest's by now; of a guest that halted they are left to who destroys it",
            Do = static reclamation => RemoveKeys(reclamation.Services, reclamation.Life, reclamation.Devices),
        },
        new("revoke what was granted")
        {
            Nested = new NestedPlan<Reclamation, Reclamation>(RevokePlan.Table, forEach: null, static reclamation => [reclamation]),
        },
        new("close what was removed") { Do = Close, Journal = "Nodes, Kept (if no longer wished): closed" },
        new("see that all was revoked") { Do = static reclamation => reclamation.ThrowIfAnyFailed() },
    ]);

    /// <summary>Removes devices' keys, and the directories with the last device.</summary>
    public static void RemoveKeys(ToolstackServices services, DomainLife life, IReadOnlyCollection<PciAddress> devices) => services.Store.Run(store =>
    {
        DirectoryWriter directory = new(store, GuestId.Of(life.DomainId));
        if (directory.RemoveDevices(devices) == 0)
        {
            directory.Destroy();
        }
    });

    private static void Close(Reclamation reclamation)
    {
        if (!reclamation.LeavesKeys)
        {
            reclamation.CloseKeys(reclamation.Devices);
            return;
        }

        GuestDirectory directory = DirectoryReader.Read(reclamation.Services.Store, GuestId.Of(reclamation.Life.DomainId));
        reclamation.CloseKeys(reclamation.Devices.Where(device => directory.Find(device) is null));
    }
}
