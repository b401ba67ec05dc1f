using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>How each kind of grant is revoked: by the numbers in the journal. One guest's calls come in order.</summary>
internal static class Revocations
{
    // Each with the errors by which Xen says that there is nothing to take back (4.17 to 4.22: common/domctl.c, arch/x86/domctl.c, arch/x86/irq.c,
    // drivers/passthrough/iommu.c and pci.c). The permissions have none but that the domain is gone: revoking what is not granted succeeds. ENODEV: the domain
    // does not have the device; EOPNOTSUPP: it was created without passthrough. Everything else is a failure, and the grant stays in the journal.
    // What a guest's own end takes is not revoked one by one; the others say how, for the tables.
    private static readonly Dictionary<GrantKind, (string How, Errno[] Gone, Action<GrantServices, JournalEntry> Revoke)> Rows = new()
    {
        [GrantKind.OwnerNote] = ("the note is removed if it names this guest", [], static (services, entry) =>
            OwnerNote.Remove(services.Store, entry.Device, entry.Life.DomainId)),
        [GrantKind.Memory] = ("the frames are forbidden that no other device of the guest has", [Errno.ESRCH], RevokeMemory),
        [GrantKind.Ports] = ("the ports are forbidden that no other device of the guest has", [Errno.ESRCH], RevokePorts),
        [GrantKind.Pirq] = ("unmapped unless another device of the guest has the line", [Errno.ESRCH], RevokeLine),
        [GrantKind.InterruptPermission] = ("forbidden unless another device of the guest has the line", [Errno.ESRCH], RevokePermission),
        [GrantKind.Assignment] = ("deassigned", [Errno.ESRCH, Errno.ENODEV, Errno.EOPNOTSUPP], static (services, entry) =>
            UnlessGone(entry, () => services.Domains.Deassign(entry.Life.DomainId, entry.Device))),
    };

    /// <summary>What undoes a grant, for a table.</summary>
    public static string ByReclaim(GrantKind kind) => $"reclaim: {Rows[kind].How}";

    /// <summary>
    /// Takes back what the journal says was granted of a device, last first: memory before the assignment, so that nothing new can be mapped from the first
    /// step on. Meanwhile the device reaches only its guest's memory, and then quarantine's. A daemon that is killed in between leaves entries that do not
    /// depend on each other: whichever are open are revoked. What the guest's end took already counts as taken back.
    /// </summary>
    /// <returns>What could not be revoked and stays in the journal; empty when everything went.</returns>
    public static IReadOnlyList<string> RevokeAll(GrantServices services, DomainLife life, PciAddress device)
    {
        List<string> failures = [];

        // Grants go with their domain. One that came back with another UUID is somebody else and is not touched.
        LifeStage stage = services.Domains.StageOf(life);
        bool isThere = stage is not (LifeStage.Gone or LifeStage.Replaced);
        foreach (JournalEntry entry in services.Journal.RevocableOf(life, device))
        {
            try
            {
                // Before it is closed, whether or not it can be revoked: a daemon that is killed in between must not forget that this guest may have it mapped.
                if (stage == LifeStage.Alive && entry.Grant.Kind == GrantKind.Memory)
                {
                    services.Journal.NoteReached(life, device, entry.Grant);
                }

                if (isThere || (stage == LifeStage.Gone && entry.Grant.Kind == GrantKind.OwnerNote))
                {
                    Rows[entry.Grant.Kind].Revoke(services, entry);
                }

                services.Journal.Close(entry);
            }
            catch (Exception e) when (e is HypervisorException or IOException)
            {
                GrantLog.NotRevoked(services.Logger, life.DomainId, device, entry.Grant.Kind, e);
                failures.Add($"{entry.Grant.Kind}: {e.Message}");
            }
        }

        GrantLog.Revoked(services.Logger, life.DomainId, device);
        return failures;
    }

    private static void RevokeMemory(GrantServices services, JournalEntry entry)
    {
        foreach ((ulong first, ulong count) in Uncovered(services, entry))
        {
            UnlessGone(entry, () => services.Domains.AllowMemory(entry.Life.DomainId, first, count, allow: false));
        }
    }

    private static void RevokePorts(GrantServices services, JournalEntry entry)
    {
        foreach ((ulong first, ulong count) in Uncovered(services, entry))
        {
            UnlessGone(entry, () => services.Domains.AllowPorts(entry.Life.DomainId, (uint)first, (uint)count, allow: false));
        }
    }

    // An intent does not know its pirq: mapping the line again tells, whether it had been mapped or not.
    private static void RevokeLine(GrantServices services, JournalEntry entry)
    {
        if (IsLineShared(services, entry))
        {
            return;
        }

        int domainId = entry.Life.DomainId;
        UnlessGone(entry, () => MappedPirqs.Unmap(
            services.Physdev, domainId, entry.IsDone ? (int)entry.Grant.First : services.Physdev.MapLine(domainId, (int)entry.Grant.Count)));
    }

    private static void RevokePermission(GrantServices services, JournalEntry entry)
    {
        if (!IsLineShared(services, entry))
        {
            UnlessGone(entry, () => services.Domains.AllowInterrupt(entry.Life.DomainId, (int)entry.Grant.First, allow: false));
        }
    }

    /// <summary>Whether another device of the guest has the same line: ours by the journal, or one that xl attached.</summary>
    private static bool IsLineShared(GrantServices services, JournalEntry entry)
    {
        if (services.Journal.OthersLike(entry).Any(other => other.Count == entry.Grant.Count))
        {
            return true;
        }

        HashSet<PciAddress> ours = [.. services.Journal.AttachmentsOf(entry.Life).Select(static other => other.Device)];
        HashSet<PciAddress> held = [.. services.Custody.Held().Select(static device => device.Address)];
        return DirectoryReader.Read(services.Store, GuestId.Of(entry.Life.DomainId)).Devices.Any(keys =>
            keys.Host is { } host && host != entry.Device && !ours.Contains(host)
            && held.Contains(host) && (ulong)services.Custody.LineOf(host) == entry.Grant.Count);
    }

    // Two functions may share a frame or a port, and the one that stays keeps it.
    private static IReadOnlyList<(ulong First, ulong Count)> Uncovered(GrantServices services, JournalEntry entry) =>
        NumberRanges.Except(entry.Grant.First, entry.Grant.Count, services.Journal.OthersLike(entry).Select(static other => (other.First, other.Count)));

    /// <summary>Revoking what is not there is what was wanted.</summary>
    private static void UnlessGone(JournalEntry entry, Action revoke)
    {
        try
        {
            revoke();
        }
        catch (HypervisorException e) when (Rows[entry.Grant.Kind].Gone.Contains(e.Errno) || (e.Errno == Errno.EINVAL && !entry.IsDone))
        {
            // The guest's end, xl or an earlier attempt took it back. Or it is an intent whose numbers Xen calls malformed: it did so when they were to be
            // granted, and nothing was. Of numbers that were granted it would be a defect, here or in the journal, and they may be granted still.
        }
    }
}
