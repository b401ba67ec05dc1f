using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>What refuses a request before anything is done: the guest, the host, or who has the device.</summary>
internal static class Preconditions
{
    /// <summary>Why no guest gets any device without an IOMMU.</summary>
    public const string NoIommu =
        "Xen uses no IOMMU: a guest's device could read and write all of the host's memory; enable VT-d or AMD-Vi and boot Xen with iommu=on";

    /// <summary>A domain that is there.</summary>
    /// <exception cref="BackendException">There is none of this id.</exception>
    public static DomainInfo Existing(ToolstackServices services, int domainId) => Told(() => services.Domains.Find(domainId))
        ?? throw new BackendException(BackendFailure.Failed, $"there is no domain {domainId}");

    /// <summary>All domains that are there.</summary>
    /// <exception cref="BackendException">The hypervisor does not tell.</exception>
    public static IReadOnlyList<DomainInfo> All(ToolstackServices services) => Told(services.Domains.List);

    /// <summary>A guest that devices can be attached to.</summary>
    /// <exception cref="BackendException">Why not.</exception>
    public static DomainInfo Suitable(ToolstackServices services, int domainId)
    {
        if (domainId == 0)
        {
            throw new BackendException(
                BackendFailure.Refused, "domain 0 is the host itself: its devices need no passthrough (pci-assignable-remove gives one back)");
        }

        DomainInfo domain = Existing(services, domainId);
        if (domain.HasEnded)
        {
            throw new BackendException(BackendFailure.Failed, domain.IsDying ? $"domain {domainId} is dying" : $"domain {domainId} has halted");
        }

        RefuseHardwareVirtualized(domain);
        if (!services.Domains.CanAssignDevices)
        {
            throw new BackendException(BackendFailure.Refused, NoIommu);
        }

        return domain;
    }

    /// <exception cref="BackendException">The guest's devices are not this program's business.</exception>
    public static void RefuseHardwareVirtualized(DomainInfo domain)
    {
        if (domain.IsHardwareVirtualized)
        {
            throw new BackendException(
                BackendFailure.Refused,
                $"domain {domain.DomainId} is an HVM or PVH guest: its devices are served by QEMU or not at all; use xl pci-attach and xl pci-detach");
        }
    }

    /// <summary>The held devices that a specification means; one is taken from the host if it says so.</summary>
    /// <exception cref="BackendException">None is held, or it could not be taken.</exception>
    public static IReadOnlyList<HeldDevice> DevicesFor(ToolstackServices services, PciSpec spec)
    {
        if (spec.IsAllFunctions)
        {
            if (spec.VirtualSlot is null)
            {
                throw new BackendException(BackendFailure.Malformed, $"{spec}: all functions of a slot need a slot in the guest: add @VSLOT");
            }

            PciAddress slot = spec.Address!.Value;
            List<HeldDevice> functions = [.. services.Custody.Held().Where(device => device.Address.SharesSlotWith(slot))];
            return functions.Count > 0
                ? functions
                : throw new BackendException(BackendFailure.Failed, $"{spec}: none of its functions is assignable; add them with pci-assignable-add");
        }

        if (services.Custody.Find(spec.Device) is { } held)
        {
            return [held];
        }

        if (spec.Seize)
        {
            return [services.Custody.Take(services.Custody.AddressOf(spec.Device), name: null, force: false)];
        }

        throw new BackendException(
            BackendFailure.Failed,
            $"{(spec.Device is NameSelector ? spec.Device.Value : spec.Device)} is not assignable; add it with pci-assignable-add, or with seize=1");
    }

    /// <exception cref="BackendException">A guest has the device: by custody, by the journal, or by libxl's note.</exception>
    public static void RefuseIfTaken(ToolstackServices services, DomainLife life, HeldDevice device)
    {
        PciAddress address = device.Address;
        int? owner = OwnerOf(services, device);
        if (owner == life.DomainId)
        {
            throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId} has {address} already");
        }

        if (owner is not null)
        {
            throw new BackendException(BackendFailure.Refused, $"{BelongsTo(address, owner.Value)}; detach it there first");
        }
    }

    /// <summary>The guest that has a device: by custody, by the journal, or by libxl's note; null when none has.</summary>
    public static int? OwnerOf(ToolstackServices services, HeldDevice device) =>
        device.OwnerDomain ?? services.Journal.HolderOf(device.Address)?.DomainId ?? LivingOwner(services, device.Address);

    /// <summary>What is said of a device that a guest has.</summary>
    public static string BelongsTo(PciAddress device, int domainId) => $"{device} belongs to domain {domainId}";

    private static int? LivingOwner(ToolstackServices services, PciAddress device) =>
        OwnerNote.Read(services.Store, device) is { } noted && services.Domains.Find(noted) is { HasEnded: false } ? noted : null;

    private static T Told<T>(Func<T> question)
    {
        try
        {
            return question();
        }
        catch (HypervisorException e)
        {
            throw new BackendException(BackendFailure.Failed, e.Message, e);
        }
    }
}
