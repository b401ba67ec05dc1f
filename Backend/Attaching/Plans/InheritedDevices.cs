using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Devices that a guest has and nobody here serves, because an earlier daemon did: they work on.</summary>
internal static class InheritedDevices
{
    /// <summary>Stops a device before the guest loses its memory, unless somebody else has it by now. One that can't be stopped is left to the IOMMU.</summary>
    public static void Stop(ToolstackServices services, DomainLife life, PciAddress device)
    {
        try
        {
            if (!IsAnothers(services, life, device))
            {
                services.Custody.Stop(device);
            }
        }
        catch (Exception e) when (e is BackendException or HypervisorException or IOException)
        {
            ToolstackLog.NotQuiet(services.Logger, life.DomainId, device, e.Message);
        }
    }

    // Xen says whether a guest has a device, not which: then it is the one that is noted; and not this one, if this one is no more.
    private static bool IsAnothers(ToolstackServices services, DomainLife life, PciAddress device)
    {
        if (!services.Domains.IsAssignedToGuest(device))
        {
            return false;
        }

        if (!services.Domains.IsThere(life))
        {
            return true;
        }

        if (OwnerNote.Read(services.Store, device) is { } noted && noted != life.DomainId)
        {
            return services.Domains.Find(noted) is { HasEnded: false };
        }

        return services.Journal.AssignedTo(device).Any(another => another != life && services.Domains.IsThere(another));
    }
}
