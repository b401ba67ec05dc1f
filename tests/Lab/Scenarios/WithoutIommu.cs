namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A host without an IOMMU, where a device can write to all of its memory.</summary>
public sealed class WithoutIommu(Boot<WithoutIommu> boot) : ScenarioTests<WithoutIommu>(boot), IScenario
{
    /// <summary>Xen does not use the one there is.</summary>
    public static Machine Machine => Machine.Standard with { XenArguments = "iommu=off" };
}
