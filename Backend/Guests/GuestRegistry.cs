using System.Diagnostics;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// Finds the guests: watches where toolstacks create backend directories, and asks for a pass over the guest that an event concerns. All passes share a few
/// threads. Thread-safe.
/// </summary>
internal sealed class GuestRegistry : IDisposable
{
    // Life cycles wait for xenstore and shards, not for the processor; a few at a time keep a thousand guests' start orderly.
    // What waits for a device does not count.
    private const int ConcurrentPasses = 4;

    // One that waits for its device's reset must not keep the daemon from all the rest; what the rest does must not keep guests, who wait in an access.
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstLooksLimit = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<GuestId, GuestEntry> _entries = [];
    private readonly GuestServices _services;
    private readonly PassQueue<GuestId> _passes;

    // Of one key: the directory above all guests, which is listed again when it changes.
    private readonly PassQueue<string> _listings;
    private readonly List<IDisposable> _watches = [];
    private bool _isStarting = true;
    private bool _isStopped;

    public GuestRegistry(GuestServices services)
    {
        _services = services;
        PatientScheduler scheduler = new(ConcurrentPasses);
        _passes = new(PassAsync, Failed, scheduler);
        _listings = new(ListAsync, NotListed, scheduler);
    }

    /// <summary>Finds the guests that are there and watches for more. Those of an earlier daemon, who wait in an access, come before all else.</summary>
    /// <exception cref="HypervisorException">xenstore refused the watch.</exception>
    public void Start()
    {
        // A domain that died is found even if its toolstack forgets it: its directory goes. Asked for first, so that none ends unnoticed meanwhile.
        _watches.Add(_services.DomainEvents.Subscribe(DomainListener.Guests, change =>
        {
            if (change == DomainChange.Ended)
            {
                WakeAll();
            }
        }));
        Rescan(_services.FirstStore);
        Task[] first;
        lock (_lock)
        {
            _isStarting = false;
            first = [.. _entries.Values.Select(static entry => entry.Looked)];
        }

        // Those who wait come first; the watch tells at once of what has come meanwhile.
        FirstLooks.Wait(first, Standstill, FirstLooksLimit);
        _watches.Add(_services.Store.Watch(StoreKeys.Guests, Changed));
    }

    /// <summary>When the first guest was not served any more (<see cref="Stopwatch.GetTimestamp"/>); 0 before <see cref="Dispose"/>.</summary>
    public long StoppedAt { get; private set; }

    /// <summary>The guests that live now, by domain id.</summary>
    public IReadOnlyList<GuestSnapshot> Snapshots()
    {
        List<GuestSnapshot> snapshots = [];
        lock (_lock)
        {
            foreach (GuestEntry entry in _entries.Values)
            {
                if (entry.Snapshot is { } snapshot)
                {
                    snapshots.Add(snapshot);
                }
            }
        }

        snapshots.Sort(static (a, b) => (a.DomainId, a.Id.DeviceId).CompareTo((b.DomainId, b.Id.DeviceId)));
        return snapshots;
    }

    /// <summary>The functions that guests have lost but for a request that has not come back.</summary>
    public IReadOnlyList<PciAddress> Leaving
    {
        get
        {
            List<PciAddress> leaving = [];
            foreach ((int DomainId, PciAddress Host) one in _services.Leaving.Keys)
            {
                leaving.Add(one.Host);
            }

            return leaving;
        }
    }

    /// <summary>Life-cycle passes of one guest so far; 0 when it is not known.</summary>
    public long PassesOf(GuestId id)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(id, out GuestEntry? entry) ? entry.Passes : 0;
        }
    }

    /// <summary>The policy of a device changed: the guest that has it is looked at.</summary>
    public void ChangePolicy(PciAddress host)
    {
        lock (_lock)
        {
            foreach (GuestEntry entry in _entries.Values)
            {
                entry.ChangePolicy(host);
            }
        }
    }

    /// <summary>The policies of all devices may have changed: every guest is looked at. One that comes later finds what holds by itself.</summary>
    /// <returns>What becomes of each.</returns>
    public IReadOnlyList<PolicyChange> ChangePolicies()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Select(static entry => entry.ChangePolicies())];
        }
    }

    /// <summary>Stops watching, then stops serving every guest. Nothing in xenstore changes.</summary>
    public void Dispose()
    {
        foreach (IDisposable watch in _watches)
        {
            watch.Dispose();
        }

        List<GuestEntry> entries;
        lock (_lock)
        {
            _isStopped = true;
        }

        _listings.Dispose();
        _passes.Dispose();
        lock (_lock)
        {
            entries = [.. _entries.Values];
            _entries.Clear();
        }

        // xenstore may take its time, and guests are served so far.
        foreach (GuestEntry entry in entries)
        {
            entry.EndWatch();
        }

        StoppedAt = Stopwatch.GetTimestamp();
        foreach (GuestEntry entry in entries)
        {
            entry.Stop();
        }
    }

    private void Changed(string path)
    {
        if (GuestId.TryParse(path, out GuestId guest))
        {
            Wake(guest);
        }
        else if (StoreChanges.MayBeAnyGuest(path))
        {
            _listings.Wake(StoreKeys.Guests);
        }
    }

    private Task ListAsync(string root)
    {
        Rescan(_services.Store);
        return Task.CompletedTask;
    }

    private bool NotListed(string root, Exception failure)
    {
        if (failure is ObjectDisposedException)
        {
            // The daemon ends.
            return false;
        }

        GuestLog.NotListed(_services.Logger, failure.Message);
        return true;
    }

    private Task PassAsync(GuestId guest)
    {
        GuestEntry? entry;
        lock (_lock)
        {
            _entries.TryGetValue(guest, out entry);
        }

        return entry?.PassAsync() ?? Task.CompletedTask;
    }

    private bool Failed(GuestId guest, Exception failure)
    {
        if (failure is HypervisorException refusal)
        {
            _services.Warnings.Warn(guest.DomainId, $"hypervisor: {refusal.Message}");
            return true;
        }

        // A defect of ours met by one guest must not take its later events away.
        GuestLog.Failed(_services.Logger, guest.DomainId, failure);
        return false;
    }

    /// <summary>An event above all guests: any of them may have come or gone.</summary>
    private void Rescan(IXenStore store)
    {
        WakeAll();
        foreach (GuestId guest in GuestList.Read(store))
        {
            Wake(guest);
        }
    }

    private void WakeAll()
    {
        lock (_lock)
        {
            foreach (GuestEntry entry in _entries.Values)
            {
                entry.Wake();
            }
        }
    }

    private void Wake(GuestId guest)
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            if (!_entries.TryGetValue(guest, out GuestEntry? entry))
            {
                _entries.Add(guest, entry = new(guest, _services, _passes, _isStarting, Forget));
            }

            entry.Wake();
        }
    }

    /// <summary>On the entry's own pass: its directory is gone. An event that came meanwhile keeps it.</summary>
    private void Forget(GuestEntry entry)
    {
        lock (_lock)
        {
            if (!_isStopped && !_passes.IsPending(entry.Id))
            {
                _entries.Remove(entry.Id);
            }
        }
    }
}
