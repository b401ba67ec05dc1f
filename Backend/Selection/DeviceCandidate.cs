using System.Globalization;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Selection;

/// <summary>A function of the host as far as a selector can ask for it.</summary>
/// <param name="Address">Its address, which another card can change.</param>
/// <param name="Path">The way to it from its root bus, by slots and functions: <c>pci0000:00/1c.0/00.0</c>.</param>
/// <param name="VendorId">Vendor id.</param>
/// <param name="DeviceId">Device id.</param>
/// <param name="SubsystemVendorId">Subsystem vendor id; 0 when absent.</param>
/// <param name="SubsystemId">Subsystem id; 0 when absent.</param>
/// <param name="ClassCode">Base class, subclass and programming interface, 24 bits.</param>
public sealed record DeviceCandidate(
    PciAddress Address, string Path, ushort VendorId, ushort DeviceId, ushort SubsystemVendorId, ushort SubsystemId, uint ClassCode)
{
    /// <summary>The name it is held by; null when it has none or is not held.</summary>
    public string? Name { get; init; }

    /// <summary>Reads its serial number. Only when a selector asks for one: it is in the function's registers, and a function may hang.</summary>
    public Func<ulong?> ReadSerial { get; init; } = static () => null;

    /// <summary>For people, in a list of candidates: <c>0000:03:00.0 (path=pci0000:00/1c.0/00.0)</c>.</summary>
    /// <returns>Address and stable selector.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address} ({new PathSelector(Path)})");
}
