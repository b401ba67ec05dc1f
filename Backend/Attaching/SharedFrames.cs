using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>
/// Looks for a 4 KiB page that a device shares with one that another guest has, before anything is granted: a guest that was allowed a page for a moment keeps
/// what it mapped.
/// </summary>
internal static class SharedFrames
{
    /// <summary>Asks the journal, custody and Xen: a guest may have got its device from xl, or from an earlier daemon, and may never have claimed it.</summary>
    /// <exception cref="BackendException">Another guest's device shares a page with this one.</exception>
    public static void RefuseIfAnothers(ToolstackServices services, DomainLife life, PciAddress device)
    {
        if (FindAnothers(services, life, device) is { } reason)
        {
            throw new BackendException(BackendFailure.Refused, reason);
        }
    }

    /// <summary>Looks for another guest's device that shares a page with this one.</summary>
    /// <param name="services">Whom to ask.</param>
    /// <param name="life">The guest whose own devices do not count; null: every guest's do.</param>
    /// <param name="device">The device.</param>
    /// <returns>Why it is refused; null when there is none.</returns>
    public static string? FindAnothers(ToolstackServices services, DomainLife? life, PciAddress device)
    {
        IReadOnlyList<Grant> memory = DeviceRanges.MemoryOf(services.Custody, device);
        foreach (JournalEntry entry in services.Journal.MappableEntries())
        {
            if (entry.Grant.Kind == GrantKind.Memory && entry.Life != life && entry.Device != device
                && memory.Any(entry.Grant.Overlaps) && services.Domains.IsAlive(entry.Life))
            {
                return Describe(device, entry.Device, $"domain {entry.Life.DomainId}");
            }
        }

        foreach (HeldDevice other in services.Custody.Held())
        {
            if (other.Address != device && DeviceRanges.ShareFrame(services.Custody, device, other.Address)
                && DeviceOwners.OtherThan(services, life, other) is { } owner)
            {
                return Describe(device, other.Address, owner);
            }
        }

        return null;
    }

    private static string Describe(PciAddress device, PciAddress other, string owner) =>
        $"{device} shares a 4 KiB page of memory with {other}, which {owner} has: each would reach the other's device. Detach {other} there first, "
        + "or give both to one guest";
}
