using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Attaching;

/// <summary>
/// Whose a held device is: by custody, by Xen and the journal, and by xl's note. A guest may have got it from xl, or from an earlier daemon, and may never have
/// claimed it.
/// </summary>
internal static class DeviceOwners
{
    /// <summary>Which guest but one has a device.</summary>
    /// <param name="services">Whom to ask.</param>
    /// <param name="life">The guest that does not count; null for the host, to which every guest is another.</param>
    /// <param name="device">The device.</param>
    /// <returns>For people, <c>domain 7</c>, or <c>a guest</c> when nobody knows which; null when no other guest has it.</returns>
    /// <exception cref="HypervisorException">Xen did not answer.</exception>
    public static string? OtherThan(GrantServices services, DomainLife? life, HeldDevice device)
    {
        if (device.OwnerDomain is { } claimed)
        {
            return claimed == life?.DomainId ? null : $"domain {claimed}";
        }

        if (!services.Domains.IsAssignedToGuest(device.Address) || (life is { } its && services.Journal.AssignedTo(device.Address).Contains(its)))
        {
            return null;
        }

        // Xen says that a guest has it, not which. xl's note does, which is written here as well.
        int? noted = OwnerNote.Read(services.Store, device.Address);
        return noted is null ? "a guest" : noted == life?.DomainId ? null : $"domain {noted}";
    }
}
