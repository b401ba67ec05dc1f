using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Domains;

/// <summary>
/// Domains that come and end, watched once and told to whoever has to do with them, in the order of <see cref="DomainListener"/>. Xen names
/// neither the domain nor what happened to it: who is told looks for itself. Thread-safe.
/// </summary>
public sealed class DomainEvents : IDisposable
{
    private readonly IXenStore _store;
    private readonly Lock _lock = new();
    private readonly List<IDisposable> _watches = [];

    // Replaced, never changed: it is read while somebody is added.
    private volatile Subscription[] _subscriptions = [];

    /// <summary>Creates it; nothing is watched yet.</summary>
    /// <param name="store">A xenstore connection, which it doesn't dispose.</param>
    public DomainEvents(IXenStore store) => _store = store;

    /// <summary>Begins to watch. What happened before is not told: who comes later looks once by itself.</summary>
    /// <exception cref="HypervisorException">xenstore refused a watch.</exception>
    public void Start()
    {
        _watches.Add(_store.Watch(StorePath.ReleaseDomain, _ => Tell(DomainChange.Ended)));
        _watches.Add(_store.Watch(StorePath.IntroduceDomain, _ => Tell(DomainChange.Introduced)));
    }

    /// <summary>Asks to be told.</summary>
    /// <param name="listener">Who asks: decides who is told before whom.</param>
    /// <param name="told">Called on xenstore's thread: returns at once. Once more than there was something to tell, when watching begins.</param>
    /// <returns>Dispose it to hear no more: waits for a call under way, unless disposed from inside it.</returns>
    public IDisposable Subscribe(DomainListener listener, Action<DomainChange> told)
    {
        Subscription subscription = new(this, listener, told);
        lock (_lock)
        {
            _subscriptions = [.. _subscriptions.Append(subscription).OrderBy(static known => known.Listener)];
        }

        return subscription;
    }

    /// <summary>Stops watching.</summary>
    public void Dispose()
    {
        foreach (IDisposable watch in _watches)
        {
            watch.Dispose();
        }

        _watches.Clear();
    }

    private void Tell(DomainChange change)
    {
        foreach (Subscription subscription in _subscriptions)
        {
            subscription.Tell(change);
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_lock)
        {
            _subscriptions = [.. _subscriptions.Where(known => known != subscription)];
        }
    }

    private sealed class Subscription(DomainEvents owner, DomainListener listener, Action<DomainChange> told) : IDisposable
    {
        // Held while it is told, so that whoever has disposed it is not told any more.
        private readonly Lock _telling = new();
        private bool _isDisposed;

        public DomainListener Listener { get; } = listener;

        public void Tell(DomainChange change)
        {
            lock (_telling)
            {
                if (!_isDisposed)
                {
                    told(change);
                }
            }
        }

        public void Dispose()
        {
            owner.Remove(this);
            lock (_telling)
            {
                _isDisposed = true;
            }
        }
    }
}
