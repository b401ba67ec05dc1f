using System.Globalization;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Capabilities;
using PciBackFlow.Hardware.Pci.Sysfs;

namespace PciBackFlow.Cli.Devices;

/// <summary>Describes functions: of this host with all the host says, of a capture with what its registers say.</summary>
public static class DeviceRows
{
    /// <summary>A function of this host.</summary>
    /// <param name="function">What sysfs says.</param>
    /// <param name="host">The host it is a function of.</param>
    /// <param name="names">Names.</param>
    /// <returns>The row.</returns>
    public static DeviceRow Of(HostFunction function, HostSnapshot host, PciIds names)
    {
        Assignability found = host.Assess(function.Address);
        return new DeviceRow(
            function.Address.ToString(), Hex4(function.VendorId), Hex4(function.DeviceId),
            Optional(function.SubsystemVendorId), Optional(function.SubsystemId), Hex6(function.ClassCode), Hex2(function.Revision),
            names.Vendor(function.VendorId), names.Device(function.VendorId, function.DeviceId), names.Class(function.ClassCode),
            Description: null, WordOf(function.Header), function.ConfigSize, function.ReadableSize,
            function.Driver, function.IommuGroup, function.PhysicalFunction?.ToString(),
            [.. function.Capabilities.Capabilities.Select(Of)], [.. function.Capabilities.Defects.Select(defect => defect.ToString())],
            function.ResetMethods.Count > 0 || !function.CanReset ? function.ResetMethods : ["reset"],
            host.Uses.Of(function.Address), found.IsAssignable, found.Reasons, found.Warnings);
    }

    /// <summary>A captured function: nothing is known of a host.</summary>
    /// <param name="function">The function.</param>
    /// <param name="description">What the capture says it is.</param>
    /// <param name="names">Names.</param>
    /// <returns>The row.</returns>
    public static DeviceRow Of(IPciFunction function, string description, PciIds names)
    {
        HeaderKind kind = ConfigHeader.KindOf(function);
        function.TryRead(ConfigRegisters.RevisionId, 4, out uint revisionAndClass);
        bool hasSubsystem = kind == HeaderKind.Device;
        CapabilityList capabilities = CapabilityWalk.Read(function);
        Assignability found = HostSnapshot.AssessHeader(kind, revisionAndClass >> 8);
        return new DeviceRow(
            function.Address.ToString(), Hex4(function.VendorId), Hex4(function.DeviceId),
            hasSubsystem ? Optional(Word(ConfigRegisters.SubsystemVendorId)) : null, hasSubsystem ? Optional(Word(ConfigRegisters.SubsystemId)) : null,
            Hex6(revisionAndClass >> 8), Hex2((byte)revisionAndClass),
            names.Vendor(function.VendorId), names.Device(function.VendorId, function.DeviceId), names.Class(revisionAndClass >> 8),
            description.Length == 0 ? null : description, WordOf(kind), function.Size, function.ReadableSize,
            Driver: null, IommuGroup: null, PhysicalFunction: null,
            [.. capabilities.Capabilities.Select(Of)], [.. capabilities.Defects.Select(defect => defect.ToString())],
            ResetMethods: [], UsedBy: [], found.IsAssignable, found.Reasons, found.Warnings);

        ushort Word(int offset) => function.TryRead(offset, 2, out uint value) ? (ushort)value : (ushort)0;
    }

    private static string WordOf(HeaderKind kind) => kind switch
    {
        HeaderKind.Device => "device",
        HeaderKind.Bridge => "bridge",
        HeaderKind.CardBus => "cardbus",
        _ => "unknown",
    };

    private static DeviceCapability Of(PciCapability capability) => new(
        capability.Id,
        capability.IsExtended ? CapabilityNames.ShortOf(capability.ExtendedId) : CapabilityNames.ShortOf(capability.StandardId),
        CapabilityNames.Of(capability), capability.Offset, capability.IsExtended, capability.Version);

    private static string? Optional(ushort id) => id == 0 ? null : Hex4(id);

    private static string Hex2(byte value) => value.ToString("x2", CultureInfo.InvariantCulture);

    private static string Hex4(ushort value) => value.ToString("x4", CultureInfo.InvariantCulture);

    private static string Hex6(uint value) => (value & 0xFFFFFF).ToString("x6", CultureInfo.InvariantCulture);
}
