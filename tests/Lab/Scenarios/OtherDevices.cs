namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>Devices that no other scenario has, each with the driver that Linux has for it, in a guest with four processors.</summary>
public sealed class OtherDevices(Boot<OtherDevices> boot) : ScenarioTests<OtherDevices>(boot), IScenario
{
    private const string DisksOfTheirOwn = "if=none,format=raw,snapshot=on,file={host}/disk.img,id=";

    /// <summary>
    /// Beside the standard devices: other makers' network functions and disk controllers, a switch, a USB 2 controller of
    /// four functions, a large memory region.
    /// </summary>
    public static Machine Machine => Machine.Standard with
    {
        Devices =
        [
            .. Machine.Standard.Devices,
            "-netdev", "user,id=other0", "-device", "vmxnet3,netdev=other0,addr=0x10",
            "-netdev", "user,id=other1", "-device", "rtl8139,netdev=other1,addr=0x11",
            "-netdev", "user,id=other2", "-device", "i82559er,netdev=other2,addr=0x12",
            // Virtio heeds the IOMMU only when it is told to.
            "-netdev", "user,id=other3", "-device", "virtio-net-pci,disable-legacy=on,iommu_platform=on,netdev=other3,addr=0x13",
            "-drive", DisksOfTheirOwn + "other4", "-device", "virtio-blk-pci,disable-legacy=on,iommu_platform=on,drive=other4,addr=0x14",
            "-device", "megasas-gen2,id=raid,addr=0x15", "-drive", DisksOfTheirOwn + "other5", "-device", "scsi-hd,bus=raid.0,drive=other5",
            "-device", "pvscsi,id=pvscsi,addr=0x16", "-drive", DisksOfTheirOwn + "other6", "-device", "scsi-hd,bus=pvscsi.0,drive=other6",
            "-device", "pcie-root-port,id=port3,chassis=4,slot=4,addr=0x17", "-device", "x3130-upstream,id=upstream,bus=port3",
            "-device", "xio3130-downstream,id=downstream,bus=upstream,chassis=5,slot=5",
            "-drive", DisksOfTheirOwn + "other7", "-device", "nvme,serial=LAB7,bus=downstream,drive=other7",
            "-device", "ich9-usb-ehci1,id=ehci,multifunction=on,addr=0x18.7",
            "-device", "ich9-usb-uhci1,masterbus=ehci.0,firstport=0,multifunction=on,addr=0x18.0",
            "-device", "ich9-usb-uhci2,masterbus=ehci.0,firstport=2,multifunction=on,addr=0x18.1",
            "-device", "ich9-usb-uhci3,masterbus=ehci.0,firstport=4,multifunction=on,addr=0x18.2",
            "-drive", DisksOfTheirOwn + "other8", "-device", "usb-storage,drive=other8,bus=ehci.0",
            "-object", "memory-backend-ram,size=256M,id=large", "-device", "ivshmem-plain,memdev=large,addr=0x19",
        ],
        TimeLimit = TimeSpan.FromMinutes(10),
    };
}
