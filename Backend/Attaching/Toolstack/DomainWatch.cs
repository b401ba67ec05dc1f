using PciBackFlow.Backend.Attaching.Plans;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Attaching.Toolstack;

/// <summary>
/// Notices guests that die, go offline or come back. Events become one pending look at a domain, or one at all of them (XSA-349), which asks for what is needed
/// on the guests' own queues and waits for nothing.
/// </summary>
internal sealed class DomainWatch : IDisposable
{
    // In place of a domid: a look at everybody, and for who came back.
    private const int Everybody = -1;

    private readonly ToolstackServices _services;
    private readonly IGuestChanges _guests;
    private readonly PassQueue<int> _looks;
    private readonly PassQueue<DomainLife> _settlements;
    private readonly List<IDisposable> _watches = [];

    // Of the look at everybody alone: lives that were given their kept devices, or could not be.
    private readonly HashSet<DomainLife> _served = [];
    private volatile bool _isDisposed;

    public DomainWatch(ToolstackServices services, IGuestChanges guests)
    {
        _services = services;
        _guests = guests;
        _looks = new(LookAsync, NotLooked);
        _settlements = new(SettleAsync, NotSettled);
    }

    public void Start()
    {
        // Also what has happened before: the other watch looks once when it begins.
        _watches.Add(_services.DomainEvents.Subscribe(DomainListener.Toolstack, _ => _looks.Wake(Everybody)));
        _watches.Add(_services.Store.Watch(StoreKeys.Guests, path =>
        {
            if (!GuestId.TryParse(path, out GuestId guest))
            {
                _looks.Wake(Everybody);
            }
            else if (StoreChanges.MayBeDeparture(path))
            {
                _looks.Wake(guest.DomainId);
            }
        }));
    }

    /// <summary>Looks no more, and begins to settle nothing more; what is being settled is not waited for.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        foreach (IDisposable watch in _watches)
        {
            watch.Dispose();
        }

        _looks.Dispose();
        _settlements.End(TimeSpan.Zero);
    }

    private Task LookAsync(int domainId)
    {
        foreach (DomainLife life in _services.Journal.LivesWithDevices())
        {
            if (domainId == Everybody || domainId == life.DomainId)
            {
                Look(life);
            }
        }

        if (domainId == Everybody)
        {
            LookForReturns();
        }

        return Task.CompletedTask;
    }

    /// <summary>One guest that cannot be looked at must not keep the others from being settled; it is looked at again without another event.</summary>
    private void Look(DomainLife life)
    {
        try
        {
            if (OrphanedDevices.Any(_services, life))
            {
                _settlements.Wake(life);
            }
        }
        catch (HypervisorException e)
        {
            ToolstackLog.LookFailed(_services.Logger, e);
            _looks.WakeLater(life.DomainId);
        }
    }

    private bool NotLooked(int domainId, Exception failure)
    {
        ToolstackLog.LookFailed(_services.Logger, failure);
        return failure is HypervisorException;
    }

    private Task SettleAsync(DomainLife life) => _isDisposed ? Task.CompletedTask : _guests.SettleAsync(life);

    // The journal keeps what is left; the next event tries again, or the next daemon where this one ends and has closed what it works with.
    private bool NotSettled(DomainLife life, Exception failure)
    {
        if (_isDisposed && failure is ObjectDisposedException)
        {
            return false;
        }

        ToolstackLog.NotSettled(_services.Logger, life.DomainId, failure);
        return false;
    }

    private void LookForReturns()
    {
        IReadOnlyList<JournalEntry> wishes = _services.Journal.Wishes();
        if (wishes.Count == 0)
        {
            return;
        }

        IReadOnlyList<DomainInfo> domains = _services.Domains.List();
        _served.IntersectWith(domains.Select(DomainLife.Of));
        foreach (DomainInfo domain in domains)
        {
            var life = DomainLife.Of(domain);
            JournalEntry[] ofIt = [.. wishes.Where(wish => wish.Life.IsAnotherLifeOf(life))];
            if (ofIt.Length > 0 && !domain.HasEnded && _served.Add(life))
            {
                _ = ReturnAsync(domain, ofIt);
            }
        }
    }

    private async Task ReturnAsync(DomainInfo domain, JournalEntry[] wishes)
    {
        // Off the look's queue: pausing must be immediate, everything else may take seconds.
        try
        {
            await _guests.ReturnAsync(domain, wishes).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            ToolstackLog.NotSettled(_services.Logger, domain.DomainId, e);
        }
    }
}
