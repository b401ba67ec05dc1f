using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Simulation;

/// <summary>What may happen in a history.</summary>
internal sealed record HistoryOptions
{
    /// <summary>How bad it is; null: as the seed says.</summary>
    public Weather? Weather { get; init; }

    /// <summary>Told of each action as it happens.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>What daemons see of the hypervisor: where a bug is planted; null: the hypervisor.</summary>
    public Func<IHypervisor, IHypervisor>? Around { get; init; }
}
