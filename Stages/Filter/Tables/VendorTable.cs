using PciBackFlow.Hardware.Pci.Registers;
using PciBackFlow.Stages.Filter.Map;
using static PciBackFlow.Stages.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Stages.Filter.Tables;

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
        var length8 = new RegisterDefinition("Vendor-specific Length", VendorRegisters.Length, 1, WriteRule.ReadOnly, "PCI Local Bus 3.0 appendix H") { Shadow = All };
        RegisterDefinition header = CapabilityHeaders.Standard("Vendor-specific");
        return length > StandardHeader
            ? [header, length8, new("Vendor-specific Data", StandardHeader, length - StandardHeader, WriteRule.ByPolicy, "PCI Local Bus 3.0 appendix H; XSA-124") { IsReadAtOnce = false, YieldsToOthers = true }]
            : [header, length8];
    }

    internal static RegisterDefinition[] Extended(string name, ReadOnceConfigSpace image, int at)
    {
        int length = (int)(image.Read(at + VendorRegisters.ExtendedHeader, 4) >> VendorRegisters.ExtendedLengthShift);
        var own = new RegisterDefinition($"{name} Header", VendorRegisters.ExtendedHeader, 4, WriteRule.ReadOnly, "PCI Express Base 3.0 §7.19.2") { Shadow = All };
        return length > ExtendedHeader
            ? [CapabilityHeaders.Extended(name), own, new($"{name} Data", ExtendedHeader, length - ExtendedHeader, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.19.3; XSA-124") { IsReadAtOnce = false, YieldsToOthers = true }]
            : [CapabilityHeaders.Extended(name), own];
    }
}
