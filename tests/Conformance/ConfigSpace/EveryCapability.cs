using PciBackFlow.Pci;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// An endpoint with every capability that has a rule somewhere, device-specific bytes everywhere else, and a vendor-specific
/// capability. Offsets are constants so that tests can name them.
/// </summary>
internal static class EveryCapability
{
    public const int Power = 0x40;
    public const int Vpd = 0x48;
    public const int Msi = 0x50;
    public const int Msix = 0x70;
    public const int Express = 0x80;
    public const int Features = 0xC0;
    public const int Vendor = 0xC8;
    public const int DeviceSpecific = 0xE0;
    public const int Aer = 0x100;
    public const int SrIov = 0x160;
    public const int Ats = 0x1A0;
    public const int Pri = 0x1B0;
    public const int Pasid = 0x1C0;
    public const int Acs = 0x1D0;
    public const int Dpc = 0x1E0;
    public const int ResizableBar = 0x200;
    public const int Ltr = 0x220;
    public const int Vsec = 0x240;
    public const int SerialNumber = 0x260;
    public const int UnknownExtended = 0x280;
    public const int ExtendedDeviceSpecific = 0x400;

    public static IReadOnlyList<BaseAddress> BaseAddresses { get; } =
        [new(0xFEBC0000, 0x20000, 0), new(0xC000, 0x20, 1), new(0x12_4000_0000, 0x10000, 0xC), default, default, default, new(0xFEB80000, 0x40000, 0)];

    public static byte[] Bytes()
    {
        SpaceBytes space = new SpaceBytes(4096)
            .Put(0x04, 2, 0x0006)
            .Put(0x0C, 1, 0x10)
            .Put(0x10, 4, 0xFEBC0000).Put(0x14, 4, 0xC001).Put(0x18, 4, 0x4000000C).Put(0x1C, 4, 0x12)
            .Put(0x2C, 4, 0xA01F8086).Put(0x30, 4, 0xFEB80000).Put(0x3C, 2, 0x010B)
            .Standard(Power, 0x01).Put(Power + 2, 2, 0xFFC3).Put(Power + 4, 2, 0x0008)
            .Standard(Vpd, 0x03)
            .Standard(Msi, 0x05).Put(Msi + 2, 2, 0x0186).Put(Msi + 4, 4, 0xFEE01004).Put(Msi + 8, 4, 0x12).Put(Msi + 12, 2, 0x4021)
                .Put(Msi + 16, 4, 0x5).Put(Msi + 20, 4, 0x2)
            .Standard(Msix, 0x11).Put(Msix + 2, 2, 0x0004).Put(Msix + 4, 4, 0x3).Put(Msix + 8, 4, 0x2003)
            .Standard(Express, 0x10).Put(Express + 2, 2, 0x0002).Put(Express + 4, 4, 0x10008FE2).Put(Express + 8, 4, 0x00002810)
            .Put(Express + 0x0C, 4, 0x00476C11).Put(Express + 0x10, 4, 0x10110040).Put(Express + 0x24, 4, 0x0000081F).Put(Express + 0x2C, 4, 0x0E)
            .Standard(Features, 0x13).Put(Features + 2, 2, 0x0306)
            .Standard(Vendor, 0x09).Put(Vendor + 2, 1, 0x14).Fill(Vendor + 3, 0x11, 0x31)
            .Fill(DeviceSpecific, 0x20, 0x55)
            .Extended(Aer, 0x0001, 2).Put(Aer + 0x0C, 4, 0x00462030).Put(Aer + 0x14, 4, 0x2000).Put(Aer + 0x18, 4, 0xA0)
            .Extended(SrIov, 0x0010).Put(SrIov + 4, 4, 0x2).Put(SrIov + 0x0C, 4, 0x00080008).Put(SrIov + 0x14, 4, 0x00020080).Put(SrIov + 0x20, 4, 1)
            .Extended(Ats, 0x000F)
            .Extended(Pri, 0x0013).Put(Pri + 8, 4, 0x20)
            .Extended(Pasid, 0x001B).Put(Pasid + 4, 2, 0x1406)
            .Extended(Acs, 0x000D).Put(Acs + 4, 2, 0x5F)
            .Extended(Dpc, 0x001D).Put(Dpc + 4, 2, 0x2)
            .Extended(ResizableBar, 0x0015).Put(ResizableBar + 4, 4, 0xFFF0).Put(ResizableBar + 8, 4, 0x20)
                .Put(ResizableBar + 12, 4, 0xFFF0).Put(ResizableBar + 16, 4, 0x22)
            .Extended(Ltr, 0x0018).Put(Ltr + 4, 4, 0x10031003)
            .Extended(Vsec, 0x000B).Put(Vsec + 4, 4, 0x02010040).Fill(Vsec + 8, 0x18, 0x17)
            .Extended(SerialNumber, 0x0003).Put(SerialNumber + 4, 4, 0xFF123456).Put(SerialNumber + 8, 4, 0x00A0C9FF)
            .Extended(UnknownExtended, 0x0777).Fill(UnknownExtended + 4, 0x20, 0x61)
            .Fill(ExtendedDeviceSpecific, 0xC00, 0x0B);
        return space.Bytes;
    }

    public static PlainMemoryFunction Function() => new(Bytes(), BaseAddresses, default);
}
