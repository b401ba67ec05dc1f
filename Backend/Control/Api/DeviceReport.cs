using System.Globalization;
using PciBackFlow.Backend.Devices.Holding;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>A device that guests can have.</summary>
/// <param name="Address">Its host address.</param>
/// <param name="Name">The name it was given, or null.</param>
/// <param name="OriginalDriver">The host's driver that gets it back, or null.</param>
/// <param name="VendorId">Vendor id, four hexadecimal digits.</param>
/// <param name="DeviceId">Device id, likewise.</param>
/// <param name="Domain">The guest that has it, or null.</param>
/// <param name="Unusable">Why no guest can have it now, or null.</param>
/// <param name="Warnings">What was said when it was taken, but did not stop it.</param>
public sealed record DeviceReport(
    string Address, string? Name, string? OriginalDriver, string VendorId, string DeviceId, int? Domain, string? Unusable, IReadOnlyList<string> Warnings)
{
    /// <summary>Describes a held device.</summary>
    /// <param name="device">The device.</param>
    /// <returns>The report.</returns>
    public static DeviceReport Of(HeldDevice device) => new(
        device.Address.ToString(),
        device.Name,
        device.OriginalDriver,
        device.VendorId.ToString("x4", CultureInfo.InvariantCulture),
        device.DeviceId.ToString("x4", CultureInfo.InvariantCulture),
        device.OwnerDomain,
        device.Unusable,
        device.Warnings);
}
