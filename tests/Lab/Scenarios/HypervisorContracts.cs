namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>The contracts that the hypervisor in memory is tested by, on a real one.</summary>
public sealed class HypervisorContracts(Boot<HypervisorContracts> boot) : ScenarioTests<HypervisorContracts>(boot), IScenario
{
    /// <summary>With the program that holds them, and a function that can send 16 messages by MSI.</summary>
    public static Machine Machine => Machine.Standard with
    {
        Devices = [.. Machine.Standard.Devices, "-device", "nec-usb-xhci,id=messages,msi=on,msix=on,addr=0x10"],
        Files = new Dictionary<string, Func<string>> { ["usr/bin/labprobe"] = () => PublishedProgram.Probe },
    };
}
