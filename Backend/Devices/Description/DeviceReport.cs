using System.Text.Json.Serialization;
using PciBackFlow.Backend.Devices.Refusals;

namespace PciBackFlow.Backend.Devices.Description;

/// <summary>
/// One device, for people and programs: what it is, who has it, and what speaks against giving it to a guest. The one report of a device: the control API
/// answers with it, <c>devices</c>, <c>doctor</c>, <c>inspect</c> and <c>status</c> print it. Ids are lower-case hexadecimal text, offsets numbers. What was
/// not looked at is null: of a held device no register is read, because a look must not wait for its reset.
/// </summary>
public sealed record DeviceReport
{
    /// <summary><c>dddd:bb:ss.f</c>.</summary>
    public required string Address { get; init; }

    /// <summary>What fits it alone and outlives other bus numbers, the way to it first; empty for a captured function, and where nobody looked.</summary>
    public IReadOnlyList<string> Selectors { get; init; } = [];

    /// <summary>Four digits; null for a virtual function whose capture does not tell.</summary>
    public string? VendorId { get; init; }

    /// <summary>Four digits; null likewise.</summary>
    public string? DeviceId { get; init; }

    /// <summary>Four digits; null when the function has none.</summary>
    public string? SubsystemVendorId { get; init; }

    /// <summary>Four digits; null when the function has none.</summary>
    public string? SubsystemId { get; init; }

    /// <summary>Six digits: base class, subclass, programming interface.</summary>
    public string? Class { get; init; }

    /// <summary>Two digits.</summary>
    public string? Revision { get; init; }

    /// <summary>Sixteen digits of the serial number capability; null when it has none.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>Where it is plugged in, without bus numbers: <c>pci0000:00/1c.0/00.0</c>; null for a captured function.</summary>
    public string? Path { get; init; }

    /// <summary>Name by pci.ids; null when not known.</summary>
    public string? VendorName { get; init; }

    /// <summary>Name by pci.ids; null when not known.</summary>
    public string? DeviceName { get; init; }

    /// <summary>Name by pci.ids; null when not known.</summary>
    public string? ClassName { get; init; }

    /// <summary>What the capture says; null on a host.</summary>
    public string? Description { get; init; }

    /// <summary><c>device</c>, <c>bridge</c>, <c>cardbus</c> or <c>unknown</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>Bytes of configuration space; of an incomplete capture the most that it can have.</summary>
    public int? Size { get; init; }

    /// <summary>How many of them can be read.</summary>
    public int? ReadableSize { get; init; }

    /// <summary>Why not all of it is known, in words; null when all of it can be read.</summary>
    public string? Incomplete { get; init; }

    /// <summary>What the capture does not say of its regions, so that it is assumed; empty on a host.</summary>
    public IReadOnlyList<DeviceAssumption> Assumed { get; init; } = [];

    /// <summary>The host's driver; null for none, and for a captured function.</summary>
    public string? Driver { get; init; }

    /// <summary>The IOMMU group; null for none.</summary>
    public int? IommuGroup { get; init; }

    /// <summary>The physical function this is a virtual one of; null when it is none.</summary>
    public string? PhysicalFunction { get; init; }

    /// <summary>Both lists; null when no register was read.</summary>
    public IReadOnlyList<DeviceCapability>? Capabilities { get; init; }

    /// <summary>What is wrong with the lists.</summary>
    public IReadOnlyList<string> CapabilityDefects { get; init; } = [];

    /// <summary>How it can be reset, in the kernel's order.</summary>
    public IReadOnlyList<string> ResetMethods { get; init; } = [];

    /// <summary>What the host uses it for.</summary>
    public IReadOnlyList<string> UsedBy { get; init; } = [];

    /// <summary>Whether the host itself hangs on it: it uses it, or it is a bridge or of its chipset.</summary>
    public bool Critical { get; init; }

    /// <summary>Whether it is held for guests.</summary>
    public bool Held { get; init; }

    /// <summary>The name it is held by, or null.</summary>
    public string? Name { get; init; }

    /// <summary>The host's driver it was taken from, which gets it back; null for none.</summary>
    public string? OriginalDriver { get; init; }

    /// <summary>The guest that has it, or null.</summary>
    public int? Domain { get; init; }

    /// <summary>Why no guest can have it now although it is held, or null.</summary>
    public string? Unusable { get; init; }

    /// <summary>Whether a guest can be given it.</summary>
    public bool Assignable { get; init; }

    /// <summary>Why not; empty when assignable.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>What should be known before it is given away, or was said when it was taken: no reset, a shared interrupt line.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>All that speaks against it, the heaviest first, each with what it was read from.</summary>
    public IReadOnlyList<RefusalReport> Refusals { get; init; } = [];

    /// <summary>Whether something forbids giving it away.</summary>
    [JsonIgnore]
    public bool IsRefused => Refusals.Any(static refusal => refusal.Stops());

    /// <summary>The same device with what speaks against giving it to a guest.</summary>
    /// <param name="found">The reasons.</param>
    /// <returns>The report.</returns>
    public DeviceReport Weighed(Assignability found) => this with
    {
        Assignable = found.IsAssignable,
        Reasons = found.Reasons,
        Warnings = [.. Warnings.Concat(found.Warnings).Distinct()],
        Refusals = [.. found.Refusals.Select(RefusalReport.Of)],
        Critical = found.Refusals.Any(static refusal => refusal.Code is "in-use" or "bridge" or "chipset"),
    };

    /// <summary>The same device, with who has it as a custody knows it.</summary>
    /// <param name="held">What the custody says of it.</param>
    /// <returns>The report.</returns>
    public DeviceReport HeldAs(DeviceReport held) => this with
    {
        Held = held.Held,
        Name = held.Name,
        OriginalDriver = held.OriginalDriver,
        Domain = held.Domain,
        Unusable = held.Unusable,
        Assignable = held.Assignable,
        Reasons = held.Reasons,
        Warnings = [.. Warnings.Concat(held.Warnings).Distinct()],
    };
}
