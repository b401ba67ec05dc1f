using System.Globalization;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Hardware.Firmware;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Doctor;

/// <summary>Whether devices are kept to their guest's memory and interrupts.</summary>
internal static class IommuChecks
{
    public static IEnumerable<Finding> Iommu(Examination host) => host.Domains is not { } domains ? []
        : domains.CanAssignDevices
            ? [new("iommu", FindingSeverity.Ok, null, "Xen uses an IOMMU", "XEN_SYSCTL_physinfo: directio")]
            : [
                new(
                    "no-iommu", FindingSeverity.Refusal, null, "Xen uses no IOMMU: a guest's device could read and write all of the host's memory",
                    "XEN_SYSCTL_physinfo: no directio capability", "Enable VT-d or AMD-Vi in the firmware, and boot Xen with iommu=on"),
            ];

    public static IEnumerable<Finding> InterruptRemapping(Examination host)
    {
        if (host.Domains is not { CanAssignDevices: true } domains)
        {
            yield break;
        }

        var tables = RemappingTables.Read(host.Bus.Sys);
        string table = tables is { Path: { } path, RemapsInterrupts: { } offers } ? $"; {path}: {(offers ? "offers it" : "does not offer it")}" : string.Empty;
        yield return domains.RemapsInterrupts() switch
        {
            true => new("interrupt-remapping", FindingSeverity.Ok, null, "Xen remaps interrupts", $"PHYSDEVOP_map_pirq of two MSI vectors: ENODEV{table}"),
            false => new(
                "no-interrupt-remapping", FindingSeverity.Refusal, null,
                "Xen does not remap interrupts: a device could be told to send any interrupt to any of the host's processors",
                $"PHYSDEVOP_map_pirq of two MSI vectors: EOPNOTSUPP{table}",
                "Enable interrupt remapping (of VT-d or AMD-Vi) in the firmware, and boot Xen without iommu=no-intremap"),
            null => new(
                "unknown-interrupt-remapping", FindingSeverity.Warning, null, "Xen does not say whether it remaps interrupts",
                $"PHYSDEVOP_map_pirq of two MSI vectors: neither EOPNOTSUPP nor ENODEV{table}", "Look what xl dmesg shows after Xen's boot"),
        };
    }

    /// <summary>Memory that firmware reserves for a device.</summary>
    public static IEnumerable<Finding> ReservedMemory(Examination host, IReadOnlyList<DeviceReport> devices)
    {
        var tables = RemappingTables.Read(host.Bus.Sys);
        if (tables.Problem is { } problem && devices.Count > 0)
        {
            yield return Finding.Unseen(
                "reserved-memory", $"which memory firmware reserves for devices is not known: {problem}", tables.Path!, "Run it as root");
        }

        foreach (DeviceReport device in devices)
        {
            if (!PciAddress.TryParse(device.Address, out PciAddress address))
            {
                continue;
            }

            IReadOnlyList<PciAddress> bridges = host.Bus.BridgesAbove(address);
            foreach (ReservedRegion region in tables.Regions.Where(region => region.Concerns(address, bridges)))
            {
                // intel_iommu_assign_device (xen/drivers/passthrough/vtd/iommu.c): -EPERM for a device that shares its region, unless RDM is relaxed.
                // amd_iommu_assign_device (xen/drivers/passthrough/amd/pci_amd_iommu.c) maps the region for the guest, and does not ask who else has it.
                bool isRefused = !tables.IsAmds && region.Scopes.Count != 1;
                yield return new(
                    "reserved-memory", isRefused ? FindingSeverity.Refusal : FindingSeverity.Information, device.Address,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"firmware reserves memory 0x{region.First:x} to 0x{region.Last:x} for it")
                    + (isRefused ? " and for other devices: Xen refuses to assign it" : "; its guest's device reaches that memory too"),
                    tables.Path!,
                    isRefused
                        ? "Attach it with rdm_policy=relaxed if what firmware does there is known, or switch that off in the firmware (USB legacy support)"
                        : null);
            }
        }
    }
}
