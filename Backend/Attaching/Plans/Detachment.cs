using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Devices that a guest is asked for: what the plan of a detach works on. On the guest's queue.</summary>
/// <param name="services">What it acts through.</param>
/// <param name="life">From whom.</param>
/// <param name="ours">Devices that this daemon granted.</param>
/// <param name="foreign">Devices that xl granted: their keys go, their grants are xl's to revoke.</param>
/// <param name="isForced">Whether to go on without the guest.</param>
internal sealed class Detachment(
    ToolstackServices services, DomainLife life, IReadOnlyList<PciAddress> ours, IReadOnlyList<PciAddress> foreign, bool isForced) : IDisposable
{
    public ToolstackServices Services => services;

    public DomainLife Life => life;

    public GuestId Guest => GuestId.Of(life.DomainId);

    public IReadOnlyList<PciAddress> Foreign => foreign;

    public IReadOnlyList<PciAddress> Devices { get; } = [.. ours, .. foreign];

    public bool IsForced => isForced;

    /// <summary>What is revoked of it: ours alone.</summary>
    public Reclamation Reclamation { get; } = new(services, life, ours) { Forgets = true };

    /// <summary>What the journal says of the keys of xl's devices.</summary>
    public IReadOnlyList<JournalEntry> ForeignKeys { get; set; } = [];

    /// <summary>Whether the guest was told, and how it went.</summary>
    public GuestAsked Asked { get; set; }

    /// <summary>Whether the guest let go; false: it is taken by force, or nobody in it uses it.</summary>
    public bool HasLetGo { get; set; }

    /// <summary>Whether the guest lost its last device.</summary>
    public bool IsEmpty { get; set; }

    /// <summary>Asks, waits, revokes, removes.</summary>
    /// <exception cref="BackendException">The guest did not let go, or something could not be revoked.</exception>
    public static async Task CarryAsync(
        ToolstackServices services,
        DomainLife life,
        IReadOnlyList<PciAddress> ours,
        IReadOnlyList<PciAddress> foreign,
        bool force,
        CancellationToken cancellationToken)
    {
        using Detachment detachment = new(services, life, ours, foreign, force);
        await PlanRun.CarryAsync(DetachPlan.Table, detachment, services.Observer, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => Reclamation.Dispose();
}
