using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Tables;

/// <summary>
/// Extended capabilities that no policy opens, permissive neither: each of them creates functions, changes how the fabric routes or trusts
/// requests, or moves the host's own resources.
/// </summary>
internal static class DeniedCapabilityTable
{
    private const int AtsSize = 8;
    private const int PasidSize = 8;
    private const int DpcLogSizeShift = 8;
    private const uint DpcLogSizeMask = 0xF;

    internal static RegisterDefinition[]? Rows(PciCapability capability, string name, ReadOnceConfigSpace image) => capability.ExtendedId switch
    {
        ExtendedCapabilityId.SrIov => SrIov(name),
        ExtendedCapabilityId.MrIov => Whole(name, SrIovRegisters.Size, "MR-IOV 1.0 §4.2: as SR-IOV"),
        ExtendedCapabilityId.AddressTranslation => Whole(name, AtsSize, "ATS 1.1 §5.1: translated requests pass the IOMMU unchecked"),
        ExtendedCapabilityId.Pasid => Whole(name, PasidSize, "PCI Express Base 3.1 §7.29: address spaces belong to the IOMMU's owner"),
        ExtendedCapabilityId.PageRequest => Whole(name, PriRegisters.Size, "ATS 1.1 §5.2: page requests go to the host's IOMMU"),
        ExtendedCapabilityId.AccessControl => Whole(name, AcsSize(image, capability.Offset), "PCI Express Base 3.0 §7.16: isolation between functions"),
        ExtendedCapabilityId.DownstreamPortContainment =>
            Whole(name, DpcSize(image, capability.Offset), "PCI Express Base 3.1 §7.31: takes the link below away"),
        ExtendedCapabilityId.ResizableBar or ExtendedCapabilityId.VfResizableBar => ResizableBars(name, image, capability.Offset),
        _ => null,
    };

    private static RegisterDefinition[] SrIov(string name)
    {
        const string Source = "SR-IOV 1.1 §3.3: a guest that enables virtual functions makes functions nobody assigned";
        return
        [
            CapabilityHeaders.Extended(name),
            new($"{name} Capabilities", SrIovRegisters.Capabilities, 4, WriteRule.HardDenied, Source) { Shadow = uint.MaxValue },
            // Offset and stride among them change with what the host sets.
            new($"{name} Control and Counts", SrIovRegisters.Control, SrIovRegisters.VfDeviceId - 2 - SrIovRegisters.Control, WriteRule.HardDenied, Source),
            new($"{name} VF Device ID", SrIovRegisters.VfDeviceId - 2, 4, WriteRule.HardDenied, Source) { Shadow = uint.MaxValue },
            new($"{name} Supported Page Sizes", SrIovRegisters.SupportedPageSizes, 4, WriteRule.HardDenied, Source) { Shadow = uint.MaxValue },
            new(
                $"{name} Page Size and VF BARs", SrIovRegisters.SystemPageSize, SrIovRegisters.Size - SrIovRegisters.SystemPageSize,
                WriteRule.HardDenied, Source),
        ];
    }

    private static RegisterDefinition[] Whole(string name, int size, string source)
        => [CapabilityHeaders.Extended(name), new($"{name} Registers", 4, size - 4, WriteRule.HardDenied, source)];

    private static int AcsSize(ReadOnceConfigSpace image, int at)
    {
        uint capability = image.Read(at + AcsRegisters.Capability, 2);
        if ((capability & AcsRegisters.EgressControl) == 0)
        {
            return AcsRegisters.EgressVector;
        }

        uint bits = (capability & AcsRegisters.EgressVectorSize) >> 8;
        return AcsRegisters.EgressVector + (4 * (int)(((bits == 0 ? 256 : bits) + 31) / 32));
    }

    private static int DpcSize(ReadOnceConfigSpace image, int at)
    {
        uint capability = image.Read(at + DpcRegisters.Capability, 2);
        return (capability & DpcRegisters.RootPortExtensions) == 0
            ? DpcRegisters.Size
            : DpcRegisters.RootPortSize + (4 * (int)((capability >> DpcLogSizeShift) & DpcLogSizeMask));
    }

    private static RegisterDefinition[] ResizableBars(string name, ReadOnceConfigSpace image, int at)
    {
        const string Source = "PCI Express Base 3.0 §7.22: the host has laid out its windows";
        int count = Math.Max(1, (int)((image.Read(at + ResizableBarRegisters.Control, 4) & ResizableBarRegisters.BarCount) >> 5));
        var rows = new List<RegisterDefinition> { CapabilityHeaders.Extended(name) };
        for (int i = 0; i < count; i++)
        {
            int pair = i * ResizableBarRegisters.Stride;
            rows.Add(new($"{name} {i} Capability", pair + ResizableBarRegisters.Capability, 4, WriteRule.HardDenied, Source) { Shadow = uint.MaxValue });
            rows.Add(new($"{name} {i} Control", pair + ResizableBarRegisters.Control, 4, WriteRule.HardDenied, Source));
        }

        return [.. rows];
    }
}
