using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Identity;

/// <summary>The host's functions for selectors, from what the kernel keeps of them: no function is touched, unless a serial number is asked for.</summary>
public static class HostCandidates
{
    /// <summary>Reads all.</summary>
    /// <param name="bus">The host's bus.</param>
    /// <param name="nameOf">The name that a function is held by, or null.</param>
    /// <returns>In the order of their addresses.</returns>
    public static IReadOnlyList<DeviceCandidate> Read(SysfsBus bus, Func<PciAddress, string?>? nameOf = null) =>
        [.. PciDevices.Addresses(bus.DevicesRoot).Select(address => new DeviceCandidate(
            address, DeviceIdentity.PathOf(bus, address), Word(bus, address, "vendor"), Word(bus, address, "device"), Word(bus, address, "subsystem_vendor"),
            Word(bus, address, "subsystem_device"), bus.ReadNumber(address, "class"))
        {
            Name = nameOf?.Invoke(address),
            ReadSerial = () => DeviceIdentity.Read(bus, address)?.SerialNumber,
        })];

    private static ushort Word(SysfsBus bus, PciAddress address, string attribute) => (ushort)bus.ReadNumber(address, attribute);
}
