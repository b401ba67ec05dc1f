using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
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
            When = static reclamation => !reclamation.LeavesKeys,
            Condition = "of a guest that halted they are left to who destroys it, of one whose domid is another's by now to that one if it has a frontend",
            Do = RemoveTheirKeys,
        },
        new("revoke what was granted")
        {
            Nested = new NestedPlan<Reclamation, Reclamation>(RevokePlan.Table, forEach: null, static reclamation => [reclamation]),
        },
        new("close what was removed") { Do = Close, Journal = "Nodes, Kept (if no longer wished): closed" },
        new("see that all was revoked") { Do = static reclamation => reclamation.ThrowIfAnyFailed() },
    ]);

    /// <summary>Removes devices' keys, and the directories with the last device.</summary>
    public static void RemoveKeys(ToolstackServices services, DomainLife life, IReadOnlyCollection<PciAddress> devices) =>
        services.Store.Run(store => RemoveKeys(store, GuestId.Of(life.DomainId), devices));

    private static void RemoveKeys(IXenStoreAccess store, GuestId guest, IReadOnlyCollection<PciAddress> devices)
    {
        DirectoryWriter directory = new(store, guest);
        if (directory.RemoveDevices(devices) == 0)
        {
            directory.Destroy();
        }
    }

    // Who makes directories makes both in one step, so what has no frontend was left by the one before.
    private static void RemoveTheirKeys(Reclamation reclamation)
    {
        ToolstackServices services = reclamation.Services;
        bool isReplaced = services.Domains.StageOf(reclamation.Life) == LifeStage.Replaced;
        services.Store.Run(store =>
        {
            var guest = GuestId.Of(reclamation.Life.DomainId);
            if (!isReplaced || new DirectoryReader(store, guest).ReadFrontendState() == XenbusState.Unknown)
            {
                RemoveKeys(store, guest, reclamation.Devices);
            }
        });
    }

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
