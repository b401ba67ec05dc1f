using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Devices that are taken from a guest: what the plans of that work on. On the guest's queue.</summary>
/// <param name="services">What it acts through.</param>
/// <param name="life">From whom.</param>
/// <param name="devices">Which.</param>
internal sealed class Reclamation(ToolstackServices services, DomainLife life, IReadOnlyCollection<PciAddress> devices) : IDisposable
{
    private IDisposable?[] _pins = [];

    public ToolstackServices Services => services;

    public DomainLife Life => life;

    public IReadOnlyCollection<PciAddress> Devices => devices;

    /// <summary>Whether the devices are no longer kept for the guest's next life.</summary>
    public bool Forgets { get; init; }

    /// <summary>
    /// Whether their keys are left: a guest whose kernel has ended is about to be destroyed, and who does that uses them. The backend takes
    /// the functions out of its table
    /// by itself.
    /// </summary>
    public bool LeavesKeys { get; init; }

    /// <summary>What could not be revoked and stays in the journal.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Takes devices from a guest without asking it.</summary>
    /// <exception cref="BackendException">Something could not be revoked; it stays in the journal.</exception>
    public static async Task CarryAsync(ToolstackServices services, DomainLife life, IReadOnlyCollection<PciAddress> devices, bool forget)
    {
        using Reclamation reclamation = new(services, life, devices) { Forgets = forget };
        await PlanRun.CarryAsync(ReclaimPlan.Table, reclamation, services.Observer, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>
    /// Keeps the host from getting them back until this ends. One that is just being given back is nobody's any more: there is nothing left
    /// to protect.
    /// </summary>
    public void Pin() => _pins = [.. devices.Select(services.Custody.TryPin)];

    /// <exception cref="BackendException">There is a failure.</exception>
    public void ThrowIfAnyFailed()
    {
        if (Failures.Count > 0)
        {
            throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId}: not everything could be revoked: {string.Join("; ", Failures)}");
        }
    }

    /// <summary>Closes what the journal says of the keys of these of its devices; they are removed.</summary>
    public void CloseKeys(IEnumerable<PciAddress> removed)
    {
        PciAddress[] closed = [.. removed];
        IEnumerable<JournalEntry> keys = closed.SelectMany(device => services.Journal.KeysOf(life, device));
        IEnumerable<JournalEntry> wishes = Forgets ? services.Journal.WishesOf(life).Where(wish => closed.Contains(wish.Device)) : [];
        foreach (JournalEntry entry in keys.Concat(wishes).OrderBy(static entry => entry.Id))
        {
            services.Journal.Close(entry);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable? pin in _pins)
        {
            pin?.Dispose();
        }
    }
}
