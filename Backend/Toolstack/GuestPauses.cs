using PciBackFlow.Backend.Journal;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Toolstack;

/// <summary>
/// Guests that stand still until they have their kept devices. Each pause is in the journal, so that a guest whose daemon was killed does not stand still for
/// ever. Xen counts pauses but does not say whose they are: only one that is certainly ours is undone. Thread-safe.
/// </summary>
internal sealed class GuestPauses(ToolstackServices services)
{
    // Grant.First of a pause that is being undone.
    private const ulong Ending = 1;

    private readonly Lock _lock = new();

    // Entries that somebody in this process ends.
    private readonly HashSet<long> _held = [];

    /// <summary>Pauses a guest, or goes on with the pause of a daemon that was killed.</summary>
    /// <returns>What <see cref="End"/> takes.</returns>
    /// <exception cref="HypervisorException">It can't be paused.</exception>
    /// <exception cref="IOException">The journal can't be written; it was not paused.</exception>
    public JournalEntry Begin(DomainLife life, PciAddress device)
    {
        lock (_lock)
        {
            if (Find(life).Find(IsCertain) is { } left)
            {
                _held.Add(left.Id);
                return left;
            }
        }

        JournalEntry entry = services.Journal.Begin(life, device, GrantOwner.Us, new(GrantKind.Pause));
        lock (_lock)
            _held.Add(entry.Id);
        try
        {
            services.Domains.Pause(life.DomainId);
        }
        catch (HypervisorException)
        {
            services.Journal.Close(entry);
            throw;
        }

        try
        {
            return services.Journal.Complete(entry);
        }
        catch (IOException)
        {
            Unpause(life.DomainId);
            throw;
        }
    }

    /// <summary>Lets a guest go again.</summary>
    public void End(JournalEntry entry)
    {
        try
        {
            entry = services.Journal.Complete(entry, entry.Grant with { First = Ending });
        }
        catch (IOException e)
        {
            // What cannot be written must not keep the guest.
            ToolstackLog.PauseNotNoted(services.Logger, entry.Life.DomainId, e.Message);
        }

        Unpause(entry.Life.DomainId);
        services.Journal.Close(entry);
    }

    /// <summary>Undoes a pause that a killed daemon left, unless the guest still waits for a device: then it is let go when it has it.</summary>
    /// <exception cref="HypervisorException">The guest can't be looked at.</exception>
    public void Recover(DomainLife life)
    {
        List<JournalEntry> left;
        lock (_lock)
        {
            left = Find(life);
            if (left.Exists(IsCertain) && IsAwaited(life))
                left.RemoveAll(IsCertain);
            foreach (JournalEntry entry in left)
                _held.Add(entry.Id);
        }

        foreach (JournalEntry entry in left)
        {
            DomainInfo? domain = services.Domains.Find(life.DomainId);
            bool isThere = domain?.Handle == life.Handle;
            if (isThere && IsCertain(entry))
            {
                End(entry);
                continue;
            }

            if (isThere && domain is { IsPaused: true })
                ToolstackLog.PausedBySomebody(services.Logger, life.DomainId);
            services.Journal.Close(entry);
        }
    }

    private static bool IsCertain(JournalEntry entry) => entry is { IsDone: true, Grant.First: not Ending };

    private bool IsAwaited(DomainLife life) =>
        services.Journal.Entries.Any(wish => wish.Grant.Kind == GrantKind.Kept && wish.Life.Handle == life.Handle && wish.Life != life);

    private List<JournalEntry> Find(DomainLife life) =>
        [.. services.Journal.Entries.Where(entry => entry.Life == life && entry.Grant.Kind == GrantKind.Pause && !_held.Contains(entry.Id))];

    private void Unpause(int domainId)
    {
        try
        {
            services.Domains.Unpause(domainId);
        }
        catch (HypervisorException)
        {
            // It died meanwhile.
        }
    }
}
