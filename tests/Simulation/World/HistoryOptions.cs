using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Simulation;

/// <summary>What may happen in a history.</summary>
internal sealed record HistoryOptions
{
    /// <summary>Whether daemons are killed, stopped and started again.</summary>
    public bool Kills { get; init; } = true;

    /// <summary>Whether all guests behave.</summary>
    public bool OnlyGood { get; init; }

    /// <summary>What daemons see of the hypervisor: where a bug is planted; null: the hypervisor.</summary>
    public Func<IHypervisor, IHypervisor>? Around { get; init; }
}
