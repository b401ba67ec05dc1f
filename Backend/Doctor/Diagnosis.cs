using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Doctor;

/// <summary>Finds what would stop a passthrough before it does. Reads only.</summary>
public static class Diagnosis
{
    /// <summary>The codes of all findings that are no refusals of a device, each with what is read for it.</summary>
    public static IReadOnlyDictionary<string, string> Codes { get; } = HostChecks.Table
        .SelectMany(static check => check.Codes.Select(code => (code, check.Source)))
        .Concat(
        [
            ("reserved-memory", "/sys/firmware/acpi/tables: DMAR (XMAR under Xen), IVRS"),
            ("errors-not-native", "/sys/bus/pci_express/drivers/aer"),
            ("errors-panic", "/sys/module/pcieportdrv/parameters/aer_unrecoverable_fatal"),
            ("errors-siblings", "the links and drivers of what is below the same port"),
            ("errors-contained", "the port's DPC Control"),
            ("stale-errors", "AER Uncorrectable Error Status"),
            (DeviceChecks.Assignable, "all of the refusals"),
            (DeviceChecks.NotHeld, "driver_override"),
            (DeviceChecks.Unread, "the length of what can be read of config"),
            ("host-unknown", "a capture has no host"),
        ])
        .ToDictionary(static row => row.Item1, static row => row.Item2, StringComparer.Ordinal);

    /// <summary>Examines a host and one of its devices, or those that are held and, briefly, all others.</summary>
    /// <param name="host">The host.</param>
    /// <param name="device">The device that is meant; null for none in particular.</param>
    /// <returns>What was found.</returns>
    public static DoctorReport Of(Examination host, PciAddress? device = null)
    {
        List<Finding> findings = [.. HostChecks.Examine(host)];
        var snapshot = HostSnapshot.Take(host.Bus, host.Proc, host.Domains);
        IReadOnlyList<DeviceCandidate> candidates = HostCandidates.Read(host.Bus);

        // A machine in memory has other devices of the same addresses.
        DeviceReport[] others = host.Xen is null ? [] : [.. snapshot.Functions
            .Where(function => (device is null || function.Address == device) && host.Described.All(known => known.Address != function.Address.ToString()))
            .Select(function => DeviceReports.Of(function, snapshot, candidates, host.Refusals))];
        DeviceReport[] meant = [.. host.Described.Concat(others.Where(other => device is not null || other.Held))];
        findings.AddRange(meant.SelectMany(report => DeviceChecks.Of(report, isAsked: device is not null)));
        if (host.Xen is not null)
        {
            findings.AddRange(IommuChecks.ReservedMemory(host, meant));
            findings.AddRange(ErrorChecks.Of(host, meant));
        }

        findings.AddRange(others.Where(other => device is null && !other.Held && other.Kind == "device").Select(DeviceChecks.Briefly));
        return DoctorReport.Of(findings, meant);
    }

    /// <summary>Examines captured functions: of their host nothing is known.</summary>
    /// <param name="devices">The functions.</param>
    /// <returns>What was found.</returns>
    public static DoctorReport Of(IReadOnlyList<DeviceReport> devices) => DoctorReport.Of(
        devices.SelectMany(static device => DeviceChecks.Of(device, isAsked: true)).Prepend(new(
            "host-unknown", FindingSeverity.Information, null,
            "a capture tells what a function is, not what its host does with it: drivers, IOMMU, lines and neighbours were not looked at", "the capture",
            "Run doctor on the host itself")),
        devices);
}
