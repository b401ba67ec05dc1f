namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>Thirty-two devices and eight guests: what attach and detach take as they become more, with the daemon restarted between.</summary>
public sealed class ManyGuests(Boot<ManyGuests> boot) : ScenarioTests<ManyGuests>(boot), IScenario
{
    /// <summary>
    /// Virtual functions, because they have no interrupt lines that guests would have to share: of a disk controller at 01:00.0, with a queue and a vector
    /// for each that can be moved to them.
    /// </summary>
    public static Machine Machine => Machine.Standard with
    {
        Devices =
        [
            .. Machine.Bare,
            "-device", "pcie-root-port,id=port0,chassis=1,slot=1,addr=0xa",
            "-device", "nvme-subsys,id=subsystem",
            "-device",
            "nvme,id=pf,serial=LABM,bus=port0,subsys=subsystem,max_ioqpairs=66,msix_qsize=67,sriov_max_vfs=32,sriov_vq_flexible=64,sriov_vi_flexible=64",
            "-drive", "if=none,id=shared,format=raw,snapshot=on,file={host}/disk.img", "-device", "nvme-ns,bus=pf,drive=shared,nsid=1",
        ],
        Memory = "4G",
        TimeLimit = TimeSpan.FromMinutes(15),
    };
}
