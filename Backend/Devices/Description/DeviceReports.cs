using System.Globalization;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Description;

/// <summary>Makes the reports of devices: of a host with all the host says, of a captured function with what its registers say, of a held one.</summary>
public static class DeviceReports
{
    /// <summary>A function of a host.</summary>
    /// <param name="function">What sysfs says.</param>
    /// <param name="host">The host it is a function of.</param>
    /// <param name="candidates">The host's functions, for selectors; none: they are not looked for.</param>
    /// <param name="policy">What weighs how much; the table's own weights when null.</param>
    /// <returns>The report, without names.</returns>
    public static DeviceReport Of(
        HostFunction function, HostSnapshot host, IReadOnlyList<DeviceCandidate> candidates, RefusalPolicy? policy = null)
    {
        var report = new DeviceReport
        {
            Address = function.Address.ToString(),
            Selectors = candidates.Count == 0 ? [] : StableSelectors.Of(function.Address, candidates),
            VendorId = Hex4(function.VendorId),
            DeviceId = Hex4(function.DeviceId),
            SubsystemVendorId = Optional(function.SubsystemVendorId),
            SubsystemId = Optional(function.SubsystemId),
            Class = Hex6(function.ClassCode),
            Revision = Hex2(function.Revision),
            SerialNumber = host.SerialNumberOf(function) is { } serial ? Hex16(serial) : null,
            Path = host.PathOf(function.Address),
            Kind = WordOf(function.Header),
            Size = function.ConfigSize,
            ReadableSize = function.ReadableSize,
            Incomplete = Shortness.Of(function.ReadableSize, function.ConfigSize),
            Driver = function.Driver,
            IommuGroup = function.IommuGroup,
            PhysicalFunction = function.PhysicalFunction?.ToString(),
            Capabilities = [.. function.Capabilities.Capabilities.Select(Of)],
            CapabilityDefects = Defects(function.Capabilities, function.ReadableSize < function.ConfigSize),
            ResetMethods = function.ResetMethods.Count > 0 || !function.CanReset ? function.ResetMethods : ["reset"],
            UsedBy = host.Uses.Of(function.Address),
            Held = host.IsSetAside(function.Address),
        };
        return report.Weighed(host.Assess(function.Address, policy));
    }

    /// <summary>A captured function: nothing is known of a host.</summary>
    /// <param name="function">The function.</param>
    /// <param name="description">What the capture says it is; empty for nothing.</param>
    /// <returns>The report, without names.</returns>
    public static DeviceReport Of(IPciFunction function, string description)
    {
        HeaderKind kind = ConfigHeader.KindOf(function);
        function.TryRead(ConfigRegisters.RevisionId, 4, out uint revisionAndClass);
        bool hasSubsystem = kind == HeaderKind.Device;
        CapabilityList capabilities = CapabilityWalk.Read(function);
        bool areIdsKnown = function is not CapturedFunction { AreIdsKnown: false };
        var report = new DeviceReport
        {
            Address = function.Address.ToString(),
            VendorId = areIdsKnown ? Hex4(function.VendorId) : null,
            DeviceId = areIdsKnown ? Hex4(function.DeviceId) : null,
            SubsystemVendorId = hasSubsystem ? Optional(Word(ConfigRegisters.SubsystemVendorId)) : null,
            SubsystemId = hasSubsystem ? Optional(Word(ConfigRegisters.SubsystemId)) : null,
            Class = Hex6(revisionAndClass >> 8),
            Revision = Hex2((byte)revisionAndClass),
            SerialNumber = DeviceIdentity.SerialOf(function, capabilities) is { } serial ? Hex16(serial) : null,
            Description = description.Length == 0 ? null : description,
            Kind = WordOf(kind),
            Size = function.Size,
            ReadableSize = function.ReadableSize,
            Incomplete = Shortness.Of(function),
            Assumed = function is CapturedFunction captured ? [.. captured.Assumptions.Select(one => new DeviceAssumption(one.Register, one.Length))] : [],
            Capabilities = [.. capabilities.Capabilities.Select(Of)],
            CapabilityDefects = Defects(capabilities, function.ReadableSize < function.Size),
        };
        return report.Weighed(HostSnapshot.AssessHeader(function.Address, kind, revisionAndClass >> 8));

        ushort Word(int offset) => function.TryRead(offset, 2, out uint value) ? (ushort)value : (ushort)0;
    }

    /// <summary>A held device, by its identity when it was taken and by what the host's files say now; no register is read.</summary>
    /// <param name="device">The device.</param>
    /// <param name="bus">The host's bus; null for a machine in memory.</param>
    /// <returns>The report, without names.</returns>
    public static DeviceReport Of(HeldDevice device, SysfsBus? bus = null)
    {
        DeviceIdentity? identity = device.Identity;
        var report = new DeviceReport
        {
            Address = device.Address.ToString(),
            VendorId = Hex4(device.VendorId),
            DeviceId = Hex4(device.DeviceId),
            SubsystemVendorId = identity is null ? null : Optional(identity.SubsystemVendorId),
            SubsystemId = identity is null ? null : Optional(identity.SubsystemId),
            Class = identity is null ? null : Hex6(identity.ClassCode),
            SerialNumber = identity?.SerialNumber is { } serial ? Hex16(serial) : null,
            Path = identity?.Path,
            Driver = bus?.DriverOf(device.Address),
            IommuGroup = bus?.IommuGroupOf(device.Address),
            PhysicalFunction = bus?.PhysicalFunctionOf(device.Address)?.ToString(),
            ResetMethods = bus?.ResetMethodsOf(device.Address) ?? [],
        };
        return report.HeldAs(device);
    }

    /// <summary>A function of which it is known who has it.</summary>
    /// <param name="report">The function.</param>
    /// <param name="device">What the custody says of it.</param>
    /// <returns>The report.</returns>
    public static DeviceReport HeldAs(this DeviceReport report, HeldDevice device) => report with
    {
        Kind = report.Kind ?? "device",
        Held = true,
        Name = device.Name,
        OriginalDriver = device.OriginalDriver,
        Domain = device.OwnerDomain,
        Unusable = device.Unusable,
        Assignable = device.OwnerDomain is null && device.Unusable is null,
        Reasons = device.Unusable is { } unusable ? [unusable] : device.OwnerDomain is { } owner ? [$"it belongs to domain {owner}"] : [],
        Warnings = device.Warnings,
    };

    /// <summary>The same device with its names.</summary>
    /// <param name="report">The device.</param>
    /// <param name="names">Where names are looked up.</param>
    /// <returns>The report.</returns>
    public static DeviceReport Named(this DeviceReport report, PciIds names) => report with
    {
        VendorName = Number(report.VendorId) is { } vendor ? names.Vendor((ushort)vendor) : null,
        DeviceName = Number(report.VendorId) is { } maker && Number(report.DeviceId) is { } device ? names.Device((ushort)maker, (ushort)device) : null,
        ClassName = Number(report.Class) is { } code ? names.Class(code) : null,
    };

    // That a list goes on behind what can be read is nothing wrong with the function.
    private static string[] Defects(CapabilityList list, bool isCut) =>
        [.. list.Defects.Where(defect => !isCut || defect.Kind != CapabilityListDefectKind.Truncated).Select(defect => defect.ToString())];

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

    private static uint? Number(string? hex) =>
        uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint number) ? number : null;

    private static string? Optional(ushort id) => id == 0 ? null : Hex4(id);

    private static string Hex2(byte value) => value.ToString("x2", CultureInfo.InvariantCulture);

    private static string Hex4(ushort value) => value.ToString("x4", CultureInfo.InvariantCulture);

    private static string Hex6(uint value) => (value & 0xFFFFFF).ToString("x6", CultureInfo.InvariantCulture);

    private static string Hex16(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);
}
