namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>Devices hidden before any driver of the host is loaded.</summary>
public sealed class HiddenAtBoot(Boot<HiddenAtBoot> boot) : ScenarioTests<HiddenAtBoot>(boot), IScenario
{
    /// <summary>Dom0 runs the initramfs script as it is shipped, then loads drivers; the hide list has a wrong item in its middle.</summary>
    public static Machine Machine => Machine.Standard with
    {
        KernelArguments = "xen-pciback.hide=(0000:00:04.0)(00:0d.*)(00:zz.0)(00:05.0) lab.drivers=e1000e,nvme",
        Files = new Dictionary<string, Func<string>>
        {
            ["lab/hooks/pcibackflow"] = () => PublishedProgram.Source("packaging/initramfs-tools/scripts/init-top/pcibackflow"),
        },
    };
}
