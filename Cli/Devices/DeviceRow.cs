using System.Text.Json.Serialization;

namespace PciBackFlow.Cli.Devices;

/// <summary>One function as <c>devices --json</c> prints it. Ids are lower-case hexadecimal text, offsets numbers.</summary>
/// <param name="Address"><c>dddd:bb:ss.f</c>.</param>
/// <param name="VendorId">Four digits.</param>
/// <param name="DeviceId">Four digits.</param>
/// <param name="SubsystemVendorId">Four digits; null when the function has none.</param>
/// <param name="SubsystemId">Four digits; null when the function has none.</param>
/// <param name="Class">Six digits: base class, subclass, programming interface.</param>
/// <param name="Revision">Two digits.</param>
/// <param name="VendorName">Name by pci.ids; null when not known.</param>
/// <param name="DeviceName">Name by pci.ids; null when not known.</param>
/// <param name="ClassName">Name by pci.ids; null when not known.</param>
/// <param name="Description">What the capture says; null on this host.</param>
/// <param name="Kind"><c>device</c>, <c>bridge</c>, <c>cardbus</c> or <c>unknown</c>.</param>
/// <param name="Size">Bytes of configuration space.</param>
/// <param name="ReadableSize">How many of them can be read.</param>
/// <param name="Driver">The host's driver; null for none, and for a captured function.</param>
/// <param name="IommuGroup">The IOMMU group; null for none.</param>
/// <param name="PhysicalFunction">The physical function this is a virtual one of; null when it is none.</param>
/// <param name="Capabilities">Both lists.</param>
/// <param name="CapabilityDefects">What is wrong with the lists.</param>
/// <param name="ResetMethods">How it can be reset, in the kernel's order.</param>
/// <param name="UsedBy">What this host uses it for.</param>
/// <param name="Assignable">Whether a guest can be given it.</param>
/// <param name="Reasons">Why not; empty when assignable.</param>
/// <param name="Warnings">What should be known before it is given away: no reset, a shared interrupt line.</param>
public sealed record DeviceRow(
    [property: JsonPropertyName("address")] string Address,
    [property: JsonPropertyName("vendor_id")] string VendorId,
    [property: JsonPropertyName("device_id")] string DeviceId,
    [property: JsonPropertyName("subsystem_vendor_id")] string? SubsystemVendorId,
    [property: JsonPropertyName("subsystem_id")] string? SubsystemId,
    [property: JsonPropertyName("class")] string Class,
    [property: JsonPropertyName("revision")] string Revision,
    [property: JsonPropertyName("vendor_name")] string? VendorName,
    [property: JsonPropertyName("device_name")] string? DeviceName,
    [property: JsonPropertyName("class_name")] string? ClassName,
    [property: JsonPropertyName("description")] string? Description,
    [property: JsonPropertyName("kind")] string Kind,
    [property: JsonPropertyName("size")] int Size,
    [property: JsonPropertyName("readable_size")] int ReadableSize,
    [property: JsonPropertyName("driver")] string? Driver,
    [property: JsonPropertyName("iommu_group")] int? IommuGroup,
    [property: JsonPropertyName("physical_function")] string? PhysicalFunction,
    [property: JsonPropertyName("capabilities")] IReadOnlyList<DeviceCapability> Capabilities,
    [property: JsonPropertyName("capability_defects")] IReadOnlyList<string> CapabilityDefects,
    [property: JsonPropertyName("reset_methods")] IReadOnlyList<string> ResetMethods,
    [property: JsonPropertyName("used_by")] IReadOnlyList<string> UsedBy,
    [property: JsonPropertyName("assignable")] bool Assignable,
    [property: JsonPropertyName("reasons")] IReadOnlyList<string> Reasons,
    [property: JsonPropertyName("warnings")] IReadOnlyList<string> Warnings);
