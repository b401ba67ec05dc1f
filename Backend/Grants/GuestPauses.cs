using PciBackFlow.Backend.Domains;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>
/// Guests that stand still until they have their kept devices. Each pause is in the journal, so that a guest whose daemon was killed does not stand still for
/// ever. Xen counts pauses but does not say whose they are: only one that is certainly ours is undone. Thread-safe.
/// </summary>
internal sealed class GuestPauses(GrantServices services) : IDisposable
{
    // Grant.First of a pause that is being undone.
    private const ulong Ending = 1;

    private readonly Lock _lock = new();

    // Entries that somebody in this process ends.
    private readonly HashSet<long> _held = [];

    // Those that are in effect.
    private readonly Dictionary<long, JournalEntry> _begun = [];
    private bool _isDisposed;

    /// <summary>Pauses a guest, or goes on with the pause of a daemon that was killed.</summary>
    /// <returns>What <see cref="End"/> takes.</returns>
    /// <exception cref="HypervisorException">It can't be paused.</exception>
    /// <exception cref="IOException">The journal can't be written; it was not paused.</exception>
    /// <exception cref="ObjectDisposedException">The daemon is ending; it was not paused.</exception>
    public JournalEntry Begin(DomainLife life, PciAddress device)
    {
        JournalEntry entry;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);

            // Before this one pauses it, which would look like somebody's.
            DecideUncertain(life);
            if (Find(life).Find(IsCertain) is { } left)
            {
                _held.Add(left.Id);
                return _begun[left.Id] = left;
            }

            entry = services.Journal.Begin(life, device, GrantOwner.Us, new(GrantKind.Pause));
            _held.Add(entry.Id);
        }

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
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                return _begun[entry.Id] = services.Journal.Complete(entry);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Unpause(life.DomainId);
            throw;
        }
    }

    /// <summary>Lets a guest go again; does nothing when that has been done.</summary>
    public void End(JournalEntry entry)
    {
        lock (_lock)
        {
            if (!_begun.Remove(entry.Id, out JournalEntry? begun))
            {
                return;
            }

            LetGo(begun);
        }
    }

    /// <summary>Lets all of them go, as long as that can be written down: what is not, the next daemon would do once more, to somebody else's pause.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (JournalEntry entry in _begun.Values)
            {
                try
                {
                    LetGo(entry);
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException)
                {
                    // Let go; only its end is not written, and is noted to have begun.
                }
            }

            _begun.Clear();
        }
    }

    /// <summary>Undoes a pause that a killed daemon left, unless the guest still waits for a device: then it is let go when it has it.</summary>
    /// <exception cref="HypervisorException">The guest can't be looked at.</exception>
    public void Recover(DomainLife life)
    {
        List<JournalEntry> left;
        lock (_lock)
        {
            DecideUncertain(life);
            left = Find(life);

            // Nobody begins anything for a guest that is gone.
            if (Lives(life, out _) && IsAwaited(life))
            {
                return;
            }

            foreach (JournalEntry entry in left)
            {
                _held.Add(entry.Id);
            }
        }

        foreach (JournalEntry entry in left)
        {
            if (Lives(life, out _))
            {
                LetGo(entry);
            }
            else
            {
                services.Journal.Close(entry);
            }
        }
    }

    private void LetGo(JournalEntry entry)
    {
        try
        {
            entry = services.Journal.Complete(entry, entry.Grant with { First = Ending });
        }
        catch (IOException e)
        {
            // What cannot be written must not keep the guest.
            GrantLog.PauseNotNoted(services.Logger, entry.Life.DomainId, e.Message);
        }

        Unpause(entry.Life.DomainId);
        services.Journal.Close(entry);
    }

    // Under the lock. What may be somebody else's pause stays, and is said to.
    private void DecideUncertain(DomainLife life)
    {
        foreach (JournalEntry entry in Find(life).Where(static entry => !IsCertain(entry)))
        {
            if (Lives(life, out bool isPaused) && isPaused)
            {
                GrantLog.PausedBySomebody(services.Logger, life.DomainId);
            }

            services.Journal.Close(entry);
        }
    }

    private bool Lives(DomainLife life, out bool isPaused)
    {
        DomainInfo? domain = services.Domains.Find(life.DomainId);
        isPaused = domain is { IsPaused: true };
        return domain is { } known && DomainLife.Of(known) == life;
    }

    private static bool IsCertain(JournalEntry entry) => entry is { IsDone: true, Grant.First: not Ending };

    private bool IsAwaited(DomainLife life) =>
        services.Journal.WishesOf(life).Any(wish => wish.Life.IsAnotherLifeOf(life));

    private List<JournalEntry> Find(DomainLife life) =>
        [.. services.Journal.PausesOf(life).Where(entry => !_held.Contains(entry.Id))];

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
