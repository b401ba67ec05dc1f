namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A host whose IOMMU does not remap interrupts, where a device can send any of them to any processor.</summary>
public sealed class WithoutInterruptRemapping(Boot<WithoutInterruptRemapping> boot) : ScenarioTests<WithoutInterruptRemapping>(boot), IScenario
{
    /// <summary>Xen does not use what there is.</summary>
    public static Machine Machine => Machine.Standard with { XenArguments = "iommu=no-intremap" };
}
