namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>What is refused, and that a refusal changes nothing.</summary>
public sealed class Refusals(Boot<Refusals> boot) : ScenarioTests<Refusals>(boot), IScenario
{
    /// <summary>With another function behind the bridge to conventional PCI: their requests look the same to the IOMMU.</summary>
    public static Machine Machine => Machine.Standard with
    {
        Devices = [.. Machine.Standard.Devices, "-netdev", "user,id=neighbour", "-device", "e1000,netdev=neighbour,bus=bridge,addr=2"],
    };
}
