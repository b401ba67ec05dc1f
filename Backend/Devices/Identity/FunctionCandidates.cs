using System.Globalization;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Backend.Devices.Identity;

/// <summary>
/// A function that is no host's, for selectors: what its registers say. Each bus is a root bus, because nothing tells which bridge leads to it.
/// </summary>
public static class FunctionCandidates
{
    /// <summary>Reads one, serial number included.</summary>
    /// <param name="function">The function.</param>
    /// <returns>The candidate; it no longer needs the function.</returns>
    public static DeviceCandidate Of(IPciFunction function)
    {
        PciAddress address = function.Address;
        bool hasSubsystem = ConfigHeader.KindOf(function) == HeaderKind.Device;
        ulong? serial = DeviceIdentity.SerialOf(function, CapabilityWalk.Read(function));
        return new(
            address, string.Create(CultureInfo.InvariantCulture, $"pci{address.Domain:x4}:{address.Bus:x2}/{address.Slot:x2}.{address.Function:x}"),
            function.VendorId, function.DeviceId, Word(ConfigRegisters.SubsystemVendorId), Word(ConfigRegisters.SubsystemId),
            function.TryRead(ConfigRegisters.RevisionId, 4, out uint revisionAndClass) ? revisionAndClass >> 8 : 0)
        {
            ReadSerial = () => serial,
        };

        ushort Word(int offset) => hasSubsystem && function.TryRead(offset, 2, out uint value) ? (ushort)value : (ushort)0;
    }
}
