using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>A watchdog's workers, where a scenario has none.</summary>
internal sealed class NoWorkers : IReplaceLate
{
    public bool ReplaceLate(long now) => false;
}
