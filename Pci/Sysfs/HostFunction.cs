using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Pci.Sysfs;

/// <summary>What this host says about one of its functions.</summary>
/// <param name="Address">Its address.</param>
/// <param name="VendorId">Vendor id.</param>
/// <param name="DeviceId">Device id.</param>
/// <param name="SubsystemVendorId">Subsystem vendor id; 0 when absent.</param>
/// <param name="SubsystemId">Subsystem id; 0 when absent.</param>
/// <param name="ClassCode">Base class, subclass and programming interface, 24 bits.</param>
/// <param name="Revision">Revision id.</param>
/// <param name="Driver">The bound driver's name, or null.</param>
/// <param name="ResetMethods">The kernel's reset methods in the order it tries them; empty when there is none or the kernel does not say.</param>
/// <param name="CanReset">Whether the kernel offers to reset it.</param>
/// <param name="Irq">The kernel's interrupt number; 0 for none. With MSI in use it is the first message's.</param>
/// <param name="BaseAddresses">BARs 0–5 and, at index 6, the ROM.</param>
/// <param name="PhysicalFunction">The physical function this is a virtual one of, or null.</param>
/// <param name="IommuGroup">Its IOMMU group, or null (under Xen there is none).</param>
/// <param name="ConfigSize">Length of its configuration space.</param>
/// <param name="ReadableSize">How much of it can be read with our privileges; 0 when it cannot be opened.</param>
/// <param name="Header">Its header's layout.</param>
/// <param name="Capabilities">Its capabilities, as far as they can be read.</param>
public sealed record HostFunction(
    PciAddress Address, ushort VendorId, ushort DeviceId, ushort SubsystemVendorId, ushort SubsystemId, uint ClassCode, byte Revision,
    string? Driver, IReadOnlyList<string> ResetMethods, bool CanReset, int Irq, IReadOnlyList<BaseAddress> BaseAddresses,
    PciAddress? PhysicalFunction, int? IommuGroup, int ConfigSize, int ReadableSize, HeaderKind Header, CapabilityList Capabilities);
