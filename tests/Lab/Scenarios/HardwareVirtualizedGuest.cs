namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A guest whose devices are not this program's business, beside one whose are.</summary>
public sealed class HardwareVirtualizedGuest(Boot<HardwareVirtualizedGuest> boot) : ScenarioTests<HardwareVirtualizedGuest>(boot), IScenario
{
    /// <summary>With a processor on which Xen can run it.</summary>
    public static Machine Machine => Machine.Standard with { Processor = Machine.VirtualizingProcessor };
}
