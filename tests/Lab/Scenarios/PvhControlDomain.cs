namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A control domain that Xen emulates its functions' configuration for: nothing can be served from there.</summary>
public sealed class PvhControlDomain(Boot<PvhControlDomain> boot) : ScenarioTests<PvhControlDomain>(boot), IScenario
{
    /// <summary>
    /// With dom0 in PVH mode, and one device: Linux waits minutes for a USB controller whose registers it cannot reach yet (drivers/usb/host/pci-quirks.c).
    /// </summary>
    public static Machine Machine => Machine.Standard with
    {
        Devices = ["-device", "intel-iommu,intremap=on,caching-mode=on", "-netdev", "user,id=net0", "-device", "e1000e,netdev=net0,addr=4"],
        Processor = Machine.VirtualizingProcessor,
        XenArguments = "dom0=pvh",
    };
}
