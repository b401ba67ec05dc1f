using PciBackFlow.Pci;

namespace PciBackFlow.Simulation;

/// <summary>Something asked of the toolstack's half, whose answer is waited for.</summary>
internal sealed record Operation(string What, int Domain, PciAddress Device, Daemon Daemon, Task Task, CancellationTokenSource Patience)
{
    /// <summary>Whether the history has its end.</summary>
    public bool IsSaid { get; set; }
}
