using System.Globalization;

namespace PciBackFlow.Backend.Selection;

/// <summary>A device by what it says it is, whichever slot it is in.</summary>
/// <param name="VendorId">Vendor id.</param>
/// <param name="DeviceId">Device id.</param>
/// <param name="Subsystem">Subsystem vendor id and subsystem id; null for any.</param>
/// <param name="Serial">The serial number capability's value (PCI Express Base 3.0 §7.12); null for any.</param>
public sealed record IdSelector(ushort VendorId, ushort DeviceId, (ushort VendorId, ushort Id)? Subsystem, ulong? Serial) : DeviceSelector
{
    private const int SerialBytes = 8;

    /// <inheritdoc/>
    public override string Key => "id";

    /// <inheritdoc/>
    public override string Value => string.Create(CultureInfo.InvariantCulture, $"{VendorId:x4}:{DeviceId:x4}")
        + (Subsystem is { } subsystem ? string.Create(CultureInfo.InvariantCulture, $":{subsystem.VendorId:x4}:{subsystem.Id:x4}") : string.Empty)
        + (Serial is { } serial ? $"/{Shown(serial)}" : string.Empty);

    /// <inheritdoc/>
    public override bool Matches(DeviceCandidate candidate) =>
        candidate.VendorId == VendorId && candidate.DeviceId == DeviceId
        && (Subsystem is not { } subsystem || (candidate.SubsystemVendorId, candidate.SubsystemId) == subsystem)
        && (Serial is null || candidate.ReadSerial() == Serial);

    // As lspci prints it, the highest byte first.
    private static string Shown(ulong serial) => string.Join(
        '-', Enumerable.Range(0, SerialBytes).Select(at => ((byte)(serial >> (8 * (SerialBytes - 1 - at)))).ToString("x2", CultureInfo.InvariantCulture)));
}
