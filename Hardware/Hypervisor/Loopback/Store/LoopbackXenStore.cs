using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Store;

/// <summary>A domain's xenstore connection in memory, with xenstored's rules, errors and quotas. Thread-safe.</summary>
internal sealed class LoopbackXenStore : IXenStore
{
    // Of one watch. What a test does between two looks at its watches stays below it; a storm does not.
    private const int MostPendingEvents = 65_536;

    private readonly StoreTree _tree;
    private readonly LoopbackDomain _domain;
    private readonly WatchThread<StoreWatch> _thread;
    private readonly Lock _gate = new();
    private readonly HashSet<StoreWatch> _watches = [];
    private int _transactions;
    private volatile bool _ended;

    internal LoopbackXenStore(StoreTree tree, LoopbackDomain domain)
    {
        _tree = tree;
        _domain = domain;
        _thread = new WatchThread<StoreWatch>($"xenstore-{domain.DomainId}", MostPendingEvents);
    }

    internal int DomainId => _domain.DomainId;

    /// <inheritdoc/>
    public string? Read(string path) => View().Read(Resolve(path));

    /// <inheritdoc/>
    public IReadOnlyList<string>? Directory(string path) => View().Directory(Resolve(path));

    /// <inheritdoc/>
    public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => View().GetPermissions(Resolve(path));

    /// <inheritdoc/>
    public void Write(string path, string value)
    {
        string absolute = Resolve(path);
        Change(edit => edit.Write(absolute, value));
    }

    /// <inheritdoc/>
    public void MakeDirectory(string path)
    {
        string absolute = Resolve(path);
        Change(edit => edit.MakeDirectory(absolute));
    }

    /// <inheritdoc/>
    public void Remove(string path)
    {
        string absolute = Resolve(path);
        Change(edit => edit.Remove(absolute));
    }

    /// <inheritdoc/>
    public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions)
    {
        string absolute = Resolve(path);
        Change(edit => edit.SetPermissions(absolute, permissions));
    }

    /// <inheritdoc/>
    /// <remarks>A relative path's events carry relative paths, as xenstored's do.</remarks>
    /// <exception cref="HypervisorException">EINVAL: malformed; E2BIG: 128 watches already (not domain 0).</exception>
    public IDisposable Watch(string path, Action<string> changed)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(changed);
        ThrowIfEnded();
        bool special = StorePath.IsSpecial(path);
        string absolute = special ? path : Resolve(path);
        string relativeTo = special || path.StartsWith('/') ? "" : $"{StorePath.Home(DomainId)}/";
        var watch = new StoreWatch(this, absolute, relativeTo, changed);
        lock (_gate)
        {
            if (DomainId != 0 && _watches.Count >= StoreQuota.Watches)
            {
                throw new HypervisorException(Errno.E2BIG, $"domain {DomainId} has {StoreQuota.Watches} watches already");
            }

            _watches.Add(watch);
        }

        _tree.Add(watch);
        if (_ended)
        {
            // Ended meanwhile: its sweep over the watches may have missed this one.
            watch.Dispose();
        }

        return watch;
    }

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">ENOSPC: 10 open transactions already (not domain 0).</exception>
    public IXenStoreTransaction BeginTransaction()
    {
        ThrowIfEnded();
        if (Interlocked.Increment(ref _transactions) > StoreQuota.Transactions && DomainId != 0)
        {
            Interlocked.Decrement(ref _transactions);
            throw new HypervisorException(Errno.ENOSPC, $"domain {DomainId} has {StoreQuota.Transactions} open transactions");
        }

        return new LoopbackTransaction(_tree, this);
    }

    /// <summary>Ends the connection: no callback begins afterwards, open transactions can't be committed.</summary>
    public void Dispose()
    {
        _tree.Disconnect(this);
        End();
        foreach (StoreWatch watch in Watches())
        {
            watch.Dispose();
        }
    }

    /// <summary>Ends the connection because it is disposed or its domain died: nothing more is called back. Waits for no callback.</summary>
    internal void End()
    {
        _ended = true;
        _thread.End();
    }

    /// <summary>Its watches now.</summary>
    internal StoreWatch[] Watches()
    {
        lock (_gate)
        {
            return [.. _watches];
        }
    }

    internal void Enqueue(StoreWatch watch, string path) => _thread.Enqueue(watch, path);

    internal void Remove(StoreWatch watch)
    {
        _tree.Remove(watch);
        lock (_gate)
        {
            _watches.Remove(watch);
        }

        _thread.WaitUntilIdle(watch);
    }

    internal void TransactionEnded() => Interlocked.Decrement(ref _transactions);

    internal string Resolve(string path) => StorePath.Resolve(path, DomainId);

    /// <exception cref="HypervisorException">EIO: the domain was destroyed.</exception>
    internal void ThrowIfEnded()
    {
        if (!_domain.IsAlive)
        {
            throw new HypervisorException(Errno.EIO, $"domain {DomainId} was destroyed, and its xenstore connection with it");
        }

        ObjectDisposedException.ThrowIf(_ended, this);
    }

    private StoreEdit View()
    {
        ThrowIfEnded();
        return new StoreEdit(_tree, _tree.Root, DomainId, null);
    }

    private void Change(Action<StoreEdit> change)
    {
        ThrowIfEnded();
        _tree.Apply(DomainId, change);
    }
}
