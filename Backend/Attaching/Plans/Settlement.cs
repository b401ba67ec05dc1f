using PciBackFlow.Backend.Domains;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>A guest that lost devices: what the plan of settling that works on. On the guest's queue.</summary>
/// <param name="services">What it acts through.</param>
/// <param name="life">The guest.</param>
internal sealed class Settlement(ToolstackServices services, DomainLife life) : IDisposable
{
    public ToolstackServices Services => services;

    public DomainLife Life => life;

    /// <summary>Its devices that it no longer has, and what is taken of them; null until that is known.</summary>
    public Reclamation? Orphaned { get; private set; }

    /// <summary>Finds what it lost.</summary>
    public void Find()
    {
        PciAddress[] orphaned = OrphanedDevices.Of(services, life);
        Orphaned = new(services, life, orphaned) { LeavesKeys = orphaned.Length > 0 && services.Domains.StageOf(life) == LifeStage.Halted };
    }

    public void Dispose() => Orphaned?.Dispose();
}
