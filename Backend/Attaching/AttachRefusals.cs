using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>
/// What an attach would say of a device, whichever guest were to get it: each question is the one that the attach's plan asks (<see cref="Plans.AttachPlan"/>),
/// asked of no guest in particular. A guest that had the device before gets it again without a word; here it counts as any other.
/// </summary>
internal static class AttachRefusals
{
    /// <summary>The code of a page that it shares with another guest's device.</summary>
    public const string SharedPage = "shared-page";

    /// <summary>Asks.</summary>
    /// <exception cref="BackendException">Xen does not tell.</exception>
    public static Assignability Of(ToolstackServices services, PciAddress device)
    {
        Assignability own = services.Custody.Assess(device);
        if (services.Custody.Held().FirstOrDefault(held => held.Address == device) is not { } held)
        {
            return own;
        }

        try
        {
            return new([.. own.Refusals.Concat(Against(services, held)).OrderByDescending(static refusal => refusal.Weight)]);
        }
        catch (HypervisorException failure)
        {
            throw new BackendException(BackendFailure.Failed, $"{device}: Xen did not say whose it is: {failure.Message}", failure);
        }
    }

    private static IEnumerable<DeviceRefusal> Against(ToolstackServices services, HeldDevice held)
    {
        PciAddress device = held.Address;
        if (!services.Domains.CanAssignDevices)
        {
            yield return new("no-iommu", RefusalWeight.Forbidden, Preconditions.NoIommu) { Evidence = "XEN_SYSCTL_physinfo: no directio capability" };
        }

        if (Preconditions.OwnerOf(services, held) is { } owner)
        {
            // What its memory and line are shared with is that guest's by now.
            yield return new(RefusalTable.Attached, RefusalWeight.Forbidden, Preconditions.BelongsTo(device, owner))
            {
                Evidence = "its claim, the journal of grants, and xl's note in xenstore",
                Remedy = $"Detach it there first: pci-detach {owner} {device}",
            };
            yield break;
        }

        if (SharedFrames.FindAnothers(services, life: null, device) is { } shared)
        {
            yield return new(SharedPage, RefusalWeight.Forbidden, shared)
            {
                Evidence = $"the base addresses of {device}, the journal of grants, and whose the other devices are by Xen",
            };
        }

        if (FormerGuestRule.Find(services.Custody.Refusals, new FormerGuests(services).LivingOf(device)) is { } reachable)
        {
            yield return reachable;
        }

        string[] others = [.. services.Custody.HostUsersOfLine(device), .. new LineGuests(services).OthersOn(device, next: null)];
        if (SharedLineRule.Find(services.Custody.Refusals, others) is { } line)
        {
            yield return line;
        }
    }
}
