namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>The contracts that the hypervisor in memory is tested by, on a real one.</summary>
public sealed class HypervisorContracts(Boot<HypervisorContracts> boot) : ScenarioTests<HypervisorContracts>(boot), IScenario
{
    /// <summary>With the program that holds them.</summary>
    public static Machine Machine => Machine.Standard with
    {
        Files = new Dictionary<string, string> { ["usr/bin/labprobe"] = PublishedProgram.Probe },
    };
}
