using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Doctor;

/// <summary>Who handles devices' errors, and whom that harms.</summary>
internal static class ErrorChecks
{
    private static readonly Dictionary<string, string> Remedies = new(StringComparer.Ordinal)
    {
        ["errors-not-native"] = "Let the kernel own AER: a firmware setting, or pcie_ports=native on the host kernel's command line",
        ["errors-panic"] = "Boot the host's kernel without pcieportdrv.aer_unrecoverable_fatal",
        ["errors-siblings"] = "Give guests all devices below that port, or move one of the cards to another slot",
        ["stale-errors"] = "Look what the device reported (lspci -vv), and clear it: setpci -s BDF ECAP_AER+4.l=ffffffff",
    };

    /// <summary>Looks at devices that guests have, or are to have.</summary>
    public static IEnumerable<Finding> Of(Examination host, IReadOnlyList<DeviceReport> devices)
    {
        PciAddress[] addresses = [.. devices.Select(static device => PciAddress.Parse(device.Address)).Where(host.Bus.Exists)];
        ErrorHazards hazards = new(host.Bus);
        foreach (ErrorHazard hazard in addresses.Length == 0 ? [] : hazards.Of(addresses))
        {
            yield return new(hazard.Code, FindingSeverity.Warning, null, hazard.Text, hazard.Evidence, Remedies.GetValueOrDefault(hazard.Code));
        }

        foreach (PciAddress device in addresses)
        {
            if (hazards.StaleOf(device) is { } stale)
            {
                yield return new(
                    stale.Code, FindingSeverity.Warning, device.ToString(), stale.Text, stale.Evidence,
                    Remedies[stale.Code].Replace("BDF", device.ToString(), StringComparison.Ordinal));
            }
        }
    }
}
