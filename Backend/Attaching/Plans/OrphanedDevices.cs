using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Which of a guest's devices it no longer has although nobody asked this daemon.</summary>
internal static class OrphanedDevices
{
    /// <summary>Whether there is anything to settle for a guest.</summary>
    /// <exception cref="HypervisorException">It can't be looked at.</exception>
    public static bool Any(ToolstackServices services, DomainLife life) =>
        Of(services, life).Length > 0 || WithMessagesAlone(services, life).Length > 0 || ReachedInVain(services, life).Count > 0;

    /// <summary>What a guest could reach, when that has gone with it: its kernel has ended, and nobody runs with its page tables any more.</summary>
    /// <exception cref="HypervisorException">It can't be looked at.</exception>
    public static IReadOnlyList<JournalEntry> ReachedInVain(ToolstackServices services, DomainLife life)
    {
        IReadOnlyList<JournalEntry> reached = services.Journal.ReachedOf(life);
        return reached.Count == 0 || services.Domains.IsAlive(life) ? [] : reached;
    }

    /// <summary>
    /// All of them when the domain is gone, dying or somebody else, or was taken offline and has closed; those that are not revoked yet
    /// when its kernel has ended;
    /// else those whose keys xl removed.
    /// Devices that are just being attached are not meant: their keys are an intent.
    /// </summary>
    /// <exception cref="HypervisorException">It can't be looked at.</exception>
    public static PciAddress[] Of(ToolstackServices services, DomainLife life)
    {
        JournalEntry[] entries = [.. services.Journal.AttachmentsOf(life).Where(static entry => entry.Owner == GrantOwner.Us)];
        if (entries.Length == 0)
        {
            return [];
        }

        LifeStage stage = services.Domains.StageOf(life);
        if (stage is not (LifeStage.Alive or LifeStage.Halted))
        {
            return [.. entries.Select(static entry => entry.Device).Distinct()];
        }

        bool hasEnded = stage == LifeStage.Halted;
        GuestDirectory directory = DirectoryReader.Read(services.Store, GuestId.Of(life.DomainId));
        bool isOffline = directory is { HasDeviceCount: true, IsOnline: false } && (directory.Backend == XenbusState.Closed || directory.HasFrontendClosed);
        return
        [
            .. entries.Where(entry => (hasEnded && entry.Grant.Kind != GrantKind.Nodes)
                    || (entry is { Grant.Kind: GrantKind.Nodes, IsDone: true } && (isOffline || directory.Find(entry.Device) is null)))
                .Select(static entry => entry.Device).Distinct(),
        ];
    }

    /// <summary>
    /// Devices that xl attached, and that the guest no longer has: messages that an earlier daemon mapped are all that is this daemon's to
    /// take back of them. Of a device that
    /// this daemon attached they go with its grants.
    /// </summary>
    /// <exception cref="HypervisorException">It can't be looked at.</exception>
    public static PciAddress[] WithMessagesAlone(ToolstackServices services, DomainLife life)
    {
        HashSet<PciAddress> attached = [.. services.Journal.AttachmentsOf(life).Select(static entry => entry.Device)];
        PciAddress[] left = [.. services.Journal.InheritedMessagesOf(life).Select(static entry => entry.Device).Distinct().Except(attached)];
        if (left.Length == 0 || !services.Domains.IsAlive(life))
        {
            return left;
        }

        GuestDirectory directory = DirectoryReader.Read(services.Store, GuestId.Of(life.DomainId));
        return [.. left.Where(device => directory.Find(device) is null)];
    }
}
