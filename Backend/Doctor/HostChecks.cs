using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Doctor;

/// <summary>Everything of the host that would stop a passthrough, in the order in which it is looked at.</summary>
internal static class HostChecks
{
    /// <summary>The checks. Each code belongs to one.</summary>
    public static HostCheck[] Table { get; } =
    [
        new(
            ["control-domain", "no-xen", "not-control-domain", "pvh-control-domain", "missing-device", "kernel-backend"],
            "/sys/hypervisor, /proc/xen/capabilities, /dev/xen, /sys/bus/xen-backend, /sys/bus/pci/drivers/pciback", XenChecks.Domain),
        new(["xen-library"], "libxencall.so.1, as it is loaded", XenChecks.Library),
        new(["xen-version", "unique-id"], "/sys/hypervisor/version, the releases that are known", XenChecks.Release),
        new(["xen-not-asked"], "/dev/xen/privcmd", XenChecks.Access),
        new(["iommu", "no-iommu"], "XEN_SYSCTL_physinfo", IommuChecks.Iommu),
        new(
            ["interrupt-remapping", "no-interrupt-remapping", "unknown-interrupt-remapping"],
            "PHYSDEVOP_map_pirq of two MSI vectors; the DMAR table's flags", IommuChecks.InterruptRemapping),
        new(["daemon", "no-daemon"], "RUN/control.sock", ServiceChecks.Daemon),
        new(["run-directory"], "the run directory's owner and mode", ServiceChecks.RunDirectory),
        new(["state-directory"], "the state directory's owner and mode", ServiceChecks.StateDirectory),
        new(["descriptor-store"], "/proc/PID/environ of the daemon: FDSTORE, NOTIFY_SOCKET", ServiceChecks.DescriptorStore),
        new(["identity"], "STATE/devices.json, against the ids, serial number and place of what is in the slot", DeviceChecks.Identities),
    ];

    /// <summary>Looks at everything. What one check cannot read takes nothing from the others.</summary>
    public static IEnumerable<Finding> Examine(Examination host) => Table.SelectMany(check =>
    {
        try
        {
            return check.Look(host).ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HypervisorException or BackendException)
        {
            return [Finding.Unseen(check.Codes[0], e.Message, check.Source, "Run it as root, in the control domain")];
        }
    });
}
