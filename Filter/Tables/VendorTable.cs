using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Tables;

/// <summary>
/// Vendor-specific capabilities (PCI Local Bus 3.0 appendix H; PCI Express Base 3.0 §7.19; DVSEC: 4.0 §7.9.6). The length is what the function
/// says; a lie ends at the next capability's first claim or at the end of the space. The contents may do anything when
/// touched (XSA-124), so compiling does not read them.
/// </summary>
internal static class VendorTable
{
    private const int StandardHeader = 3;
    private const int ExtendedHeader = 8;

    internal static RegisterDefinition[] Standard(ReadOnceConfigSpace image, int at)
    {
        int length = (int)image.Read(at + VendorRegisters.Length, 1);
        List<RegisterDefinition> rows =
        [
            CapabilityHeaders.Standard("Vendor-specific"),
            new("Vendor-specific Length", VendorRegisters.Length, 1, WriteRule.ReadOnly, "PCI Local Bus 3.0 appendix H") { Shadow = All },
        ];
        AddData(rows, "Vendor-specific Data", StandardHeader, length, "PCI Local Bus 3.0 appendix H; XSA-124");
        return [.. rows];
    }

    internal static RegisterDefinition[] Extended(string name, ReadOnceConfigSpace image, int at)
    {
        int length = (int)(image.Read(at + VendorRegisters.ExtendedHeader, 4) >> VendorRegisters.ExtendedLengthShift);
        List<RegisterDefinition> rows =
        [
            CapabilityHeaders.Extended(name),
            new($"{name} Header", VendorRegisters.ExtendedHeader, 4, WriteRule.ReadOnly, "PCI Express Base 3.0 §7.19.2") { Shadow = All },
        ];
        AddData(rows, $"{name} Data", ExtendedHeader, length, "PCI Express Base 3.0 §7.19.3; XSA-124");
        return [.. rows];
    }

    private static void AddData(List<RegisterDefinition> rows, string name, int from, int length, string source)
    {
        if (length > from)
        {
            rows.Add(new(name, from, length - from, WriteRule.ByPolicy, source) { IsReadAtOnce = false, YieldsToOthers = true });
        }
    }
}
