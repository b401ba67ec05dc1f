namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A disk controller with SR-IOV: its virtual functions to guests, its physical function the host's.</summary>
public sealed class VirtualFunctions(Boot<VirtualFunctions> boot) : ScenarioTests<VirtualFunctions>(boot), IScenario
{
    /// <summary>
    /// With the controller at 04:00.0, two virtual functions, and queues and vectors that can be moved to them
    /// (docs/system/devices/nvme.rst of QEMU).
    /// </summary>
    public static Machine Machine => Machine.Standard with
    {
        Devices =
        [
            .. Machine.Standard.Devices,
            "-device", "pcie-root-port,id=port2,chassis=3,slot=3,addr=0xe",
            "-device", "nvme-subsys,id=subsystem",
            "-device", "nvme,id=pf,serial=LABV,bus=port2,subsys=subsystem,sriov_max_vfs=2,sriov_vq_flexible=8,sriov_vi_flexible=6",
            "-drive", "if=none,id=shared,format=raw,snapshot=on,file={host}/disk.img", "-device", "nvme-ns,bus=pf,drive=shared,nsid=1",
        ],
    };
}
