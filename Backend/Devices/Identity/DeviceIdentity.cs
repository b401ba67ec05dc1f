using System.Globalization;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Identity;

/// <summary>What tells one card from another at the same address.</summary>
/// <param name="VendorId">Vendor id.</param>
/// <param name="DeviceId">Device id.</param>
/// <param name="SubsystemVendorId">Subsystem vendor id; 0 when absent.</param>
/// <param name="SubsystemId">Subsystem id; 0 when absent.</param>
/// <param name="ClassCode">Base class, subclass and programming interface.</param>
/// <param name="Path">Where it is plugged in, without bus numbers, which change with other cards: <c>pci0000:00/1c.0/00.0</c>.</param>
/// <param name="SerialNumber">
/// The device serial number capability's value (PCI Express Base 3.0 §7.12); null when the function has none. Optional: state
/// files that say nothing of it are read.
/// </param>
public sealed record DeviceIdentity(
    ushort VendorId, ushort DeviceId, ushort SubsystemVendorId, ushort SubsystemId, uint ClassCode, string Path, ulong? SerialNumber = null)
{
    private const int SerialLow = 4;
    private const int SerialHigh = 8;

    /// <summary>Reads a function's identity.</summary>
    /// <param name="bus">The host's bus.</param>
    /// <param name="address">The function.</param>
    /// <returns>The identity, or null when the host has no such function.</returns>
    public static DeviceIdentity? Read(SysfsBus bus, PciAddress address)
    {
        if (!bus.TryDescribe(address, out HostFunction? function))
        {
            return null;
        }

        (ushort vendor, ushort device, ulong? serial) = (function.VendorId, function.DeviceId, (ulong?)null);
        try
        {
            using var registers = SysfsFunction.Open(address, writable: false, bus.DevicesRoot);

            // The files are what the kernel saw when it found the card; the registers are the card. A virtual function's ids stand in the files only.
            if (function.PhysicalFunction is null && registers.TryRead(ConfigRegisters.VendorId, 4, out uint ids) && !NoAnswer.Is(ids, 4))
            {
                (vendor, device) = ((ushort)ids, (ushort)(ids >> 16));
            }

            serial = SerialOf(registers, function.Capabilities);
        }
        catch (IOException)
        {
            // It may have gone meanwhile; what the files said is what there is.
        }

        return new(vendor, device, function.SubsystemVendorId, function.SubsystemId, function.ClassCode, PathOf(bus, address), serial);
    }

    /// <summary>Whether two descriptions are of the same model of card, wherever it is plugged in.</summary>
    /// <param name="other">The other one.</param>
    /// <returns>True when ids, class and serial number are equal.</returns>
    public bool IsSameCard(DeviceIdentity other) => this with { Path = other.Path } == other;

    /// <summary>For people: <c>8086:10d3 (subsystem 8086:0000, class 020000, serial 00-11-..., at pci0000:00/1c.0/00.0)</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        string serial = SerialNumber is { } number ? string.Create(CultureInfo.InvariantCulture, $", serial {number:x16}") : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{VendorId:x4}:{DeviceId:x4} (subsystem {SubsystemVendorId:x4}:{SubsystemId:x4}, class {ClassCode:x6}{serial}, at {Path})");
    }

    /// <summary>Where a function is plugged in (<see cref="Path"/>).</summary>
    /// <param name="bus">The host's bus.</param>
    /// <param name="address">The function.</param>
    /// <returns>The way from its root bus.</returns>
    internal static string PathOf(SysfsBus bus, PciAddress address) => string.Join(
        '/', bus.BridgesAbove(address).Append(address).Select(static step => string.Create(CultureInfo.InvariantCulture, $"{step.Slot:x2}.{step.Function:x}"))
            .Prepend(bus.RootBusOf(address)).Where(static part => part.Length > 0));

    /// <summary>A function's serial number.</summary>
    /// <param name="registers">Its registers.</param>
    /// <param name="capabilities">Its capabilities.</param>
    /// <returns>The number; null when it has none, or does not answer.</returns>
    internal static ulong? SerialOf(IConfigSpace registers, CapabilityList capabilities) =>
        capabilities.TryFind(ExtendedCapabilityId.DeviceSerialNumber, out PciCapability capability)
        && registers.TryRead(capability.Offset + SerialLow, 4, out uint low) && registers.TryRead(capability.Offset + SerialHigh, 4, out uint high)
            ? ((ulong)high << 32) | low
            : null;
}
