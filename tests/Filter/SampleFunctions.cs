using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests;

/// <summary>Functions the tests are made of.</summary>
internal static class SampleFunctions
{
    internal const int Pm = 0x40;
    internal const int Msi = 0x50;
    internal const int Express = 0x70;
    internal const int Msix = 0xB0;
    internal const int Vpd = 0xC0;
    internal const int Vendor = 0xD0;
    internal const int Af = 0xE0;
    internal const int Aer = 0x100;
    internal const int Acs = 0x150;
    internal const int SrIov = 0x160;
    internal const int Ltr = 0x1B0;

    /// <summary>A network card with everything a driver touches: 64-bit, 32-bit, I/O BARs, ROM, both capability lists.</summary>
    internal static EmulatedFunction Card() => CardBuilder().Build();

    internal static EmulatedFunctionBuilder CardBuilder() => new EmulatedFunctionBuilder(0x8086, 0x10FB, 4096)
        .Set(0x04, 2, 0x0006)
        .Set(0x08, 4, 0x0200_0001)
        .Set(0x0C, 4, 0x8000_0010)
        .Set(0x2C, 4, 0x7A11_8086)
        .Set(0x3C, 4, 0x0000_0105)
        .BaseAddress(0, 0x12_FD00_0000, 0x8_0000, 0xC)
        .BaseAddress(2, 0xE020, 0x20, 1)
        .BaseAddress(3, 0xFB00_0000, 0x4000)
        .BaseAddress(6, 0xF000_0000, 0x1_0000)
        .Capability(Pm, CapabilityId.PowerManagement, [0x23, 0xF8, 0x00, 0x20, 0x00, 0x00])
        .Capability(Msi, CapabilityId.Msi, [0x80, 0x01, 0, 0, 0xE0, 0xFE, 0, 0, 0, 0, 0x31, 0x40])
        .Capability(
            Express, CapabilityId.PciExpress,
            [0x02, 0x00, 0xC2, 0x8C, 0x00, 0x10, 0x10, 0x28, 0x00, 0x00, 0x82, 0x44, 0x43, 0x00, 0x40, 0x00, 0x82, 0x10])
        .Capability(Msix, CapabilityId.MsiX, [0x3F, 0x00, 0x04, 0x00, 0x00, 0x00, 0x04, 0x20, 0x00, 0x00])
        .Capability(Vpd, CapabilityId.Vpd, [0x00, 0x00, 0, 0, 0, 0])
        .Capability(Vendor, CapabilityId.Vendor, [0x10, 0x55, 0xAA, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .Capability(Af, CapabilityId.AdvancedFeatures, [0x06, 0x03, 0x00, 0x00])
        .Extended(Aer, ExtendedCapabilityId.AdvancedErrorReporting, 2, new byte[0x44])
        .Extended(Acs, ExtendedCapabilityId.AccessControl, 1, [0x1F, 0, 0, 0])
        .Extended(SrIov, ExtendedCapabilityId.SrIov, 1, new byte[0x3C])
        .Extended(Ltr, ExtendedCapabilityId.LatencyTolerance, 1, [0, 0, 0, 0]);
}
