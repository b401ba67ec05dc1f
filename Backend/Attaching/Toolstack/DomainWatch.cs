using System.Collections.Concurrent;
using PciBackFlow.Backend.Attaching.Plans;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Attaching.Toolstack;

/// <summary>
/// Notices guests that die, go offline or come back. Events become one pending look (XSA-349), which starts what is needed on the guests'
/// own queues and waits for nothing.
/// </summary>
internal sealed class DomainWatch : IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly ToolstackServices _services;
    private readonly IGuestChanges _guests;
    private readonly PassQueue<DomainWatch> _looks;
    private readonly ConcurrentDictionary<int, bool> _changed = new();
    private readonly ConcurrentDictionary<DomainLife, bool> _settling = new();
    private readonly List<IDisposable> _watches = [];

    // Of the look alone: lives that were given their kept devices, or could not be.
    private readonly HashSet<DomainLife> _served = [];
    private int _allChanged;
    private int _isRetrying;

    public DomainWatch(ToolstackServices services, IGuestChanges guests)
    {
        _services = services;
        _guests = guests;
        _looks = new(LookAsync, NotLooked);
    }

    public void Start()
    {
        // Also what has happened before: the other watch looks once when it begins.
        _watches.Add(_services.DomainEvents.Subscribe(DomainListener.Toolstack, _ => DomainsChanged()));
        _watches.Add(_services.Store.Watch(StoreKeys.Guests, path =>
        {
            if (!GuestId.TryParse(path, out GuestId guest))
            {
                DomainsChanged();
            }
            else if (StoreChanges.MayBeDeparture(path))
            {
                Changed(guest.DomainId);
            }
        }));
    }

    public void Dispose()
    {
        foreach (IDisposable watch in _watches)
        {
            watch.Dispose();
        }

        _looks.Dispose();
    }

    private void DomainsChanged()
    {
        Interlocked.Exchange(ref _allChanged, 1);
        _looks.Wake(this);
    }

    private void Changed(int domainId)
    {
        _changed[domainId] = true;
        _looks.Wake(this);
    }

    private Task LookAsync(DomainWatch watch)
    {
        try
        {
            // Taken before anything is read: what comes later asks for another look.
            bool all = Interlocked.Exchange(ref _allChanged, 0) != 0;
            HashSet<int> changed = [.. _changed.Keys];
            foreach (int domainId in changed)
            {
                _changed.TryRemove(domainId, out _);
            }

            foreach (DomainLife life in _services.Journal.LivesWithDevices())
            {
                if (all || changed.Contains(life.DomainId))
                {
                    Look(life);
                }
            }

            if (all)
            {
                LookForReturns();
            }
        }
        catch (HypervisorException e)
        {
            ToolstackLog.LookFailed(_services.Logger, e);
            LookLater();
        }

        return Task.CompletedTask;
    }

    private bool NotLooked(DomainWatch watch, Exception failure)
    {
        ToolstackLog.LookFailed(_services.Logger, failure);
        return true;
    }

    /// <summary>One guest that cannot be looked at must not keep the others from being settled; it is looked at again without another event.</summary>
    private void Look(DomainLife life)
    {
        try
        {
            if (OrphanedDevices.Any(_services, life))
            {
                Settle(life);
            }
        }
        catch (HypervisorException e)
        {
            ToolstackLog.LookFailed(_services.Logger, e);
            LookLater();
        }
    }

    /// <summary>At everybody, once, however many failed.</summary>
    private void LookLater()
    {
        if (Interlocked.Exchange(ref _isRetrying, 1) == 0)
        {
            _ = RunAsync();
        }

        async Task RunAsync()
        {
            await Task.Delay(RetryPause).ConfigureAwait(false);
            Interlocked.Exchange(ref _isRetrying, 0);
            DomainsChanged();
        }
    }

    private void Settle(DomainLife life)
    {
        // True: something was noticed while it was being settled, and what is being done may have begun before that.
        if (!_settling.TryAdd(life, false))
        {
            _settling.TryUpdate(life, true, false);
            return;
        }

        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                await _guests.SettleAsync(life).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // The journal keeps what is left; the next event tries again.
                ToolstackLog.NotSettled(_services.Logger, life.DomainId, e);
            }
            finally
            {
                if (_settling.TryRemove(life, out bool again) && again)
                {
                    Changed(life.DomainId);
                }
            }
        }
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
