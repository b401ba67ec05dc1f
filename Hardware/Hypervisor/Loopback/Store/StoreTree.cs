namespace PciBackFlow.Hardware.Hypervisor.Loopback.Store;

/// <summary>
/// The xenstore that all of a host's connections share: an immutable tree whose root is swapped under a lock, so that
/// readers take none and a snapshot costs nothing. Events are queued under the same lock: in the order of the changes.
/// </summary>
internal sealed class StoreTree
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<StoreWatch>> _watches = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _owned = [];
    private readonly List<LoopbackXenStore> _connections = [];
    private StoreNode _root;
    private long _generation;

    internal StoreTree() =>
        _root = new StoreNode("", [new XenStorePermission(0, XenStoreAccess.None)], StoreNode.NoChildren, NextGeneration());

    /// <summary>The tree as it is now.</summary>
    internal StoreNode Root => Volatile.Read(ref _root);

    internal long NextGeneration() => Interlocked.Increment(ref _generation);

    internal int OwnedBy(int domainId)
    {
        lock (_gate)
        {
            return _owned.GetValueOrDefault(domainId);
        }
    }

    internal LoopbackXenStore Connect(LoopbackDomain domain)
    {
        lock (_gate)
        {
            domain.ThrowIfDead();
            var connection = new LoopbackXenStore(this, domain);
            _connections.Add(connection);
            return connection;
        }
    }

    internal void Disconnect(LoopbackXenStore connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
        }
    }

    /// <summary>Makes one change and fires what watches it.</summary>
    internal void Apply(int domainId, Action<StoreEdit> change)
    {
        lock (_gate)
        {
            var edit = new StoreEdit(this, _root, domainId, null);
            change(edit);
            Publish(edit);
        }
    }

    /// <summary>Makes a transaction's changes, if all that it depends on is as it was.</summary>
    /// <param name="domainId">Whose transaction.</param>
    /// <param name="accessed">Generations of the paths it looked at.</param>
    /// <param name="changes">Its changes in order.</param>
    /// <returns>False: something was changed meanwhile.</returns>
    internal bool TryCommit(int domainId, Dictionary<string, long> accessed, List<Action<StoreEdit>> changes)
    {
        lock (_gate)
        {
            foreach ((string path, long generation) in accessed)
            {
                if ((_root.Find(path)?.Generation ?? StoreNode.Absent) != generation)
                {
                    return false;
                }
            }

            var edit = new StoreEdit(this, _root, domainId, null);
            foreach (Action<StoreEdit> change in changes)
            {
                change(edit);
            }

            Publish(edit);
            return true;
        }
    }

    internal void Add(StoreWatch watch)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(watch.Path, out List<StoreWatch>? same))
            {
                _watches.Add(watch.Path, same = []);
            }

            same.Add(watch);
            watch.Connection.Enqueue(watch, watch.Path);
        }
    }

    internal void Remove(StoreWatch watch)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(watch.Path, out List<StoreWatch>? same) && same.Remove(watch) && same.Count == 0)
            {
                _watches.Remove(watch.Path);
            }
        }
    }

    internal void Introduce(int domainId)
    {
        string home = StorePath.Home(domainId);
        lock (_gate)
        {
            Apply(0, edit =>
            {
                edit.Write($"{home}/domid", $"{domainId}");
                if (domainId != 0)
                {
                    // As libxl makes it: domain 0 owns the home, the guest may read it.
                    XenStorePermission[] permissions = [new(0, XenStoreAccess.None), new(domainId, XenStoreAccess.Read)];
                    edit.SetPermissions(home, permissions);
                    edit.SetPermissions($"{home}/domid", permissions);
                }
            });
            FireSpecial(StorePath.IntroduceDomain);
        }
    }

    internal void Release(int domainId)
    {
        lock (_gate)
        {
            Disconnect(domainId);
            Apply(0, edit => edit.Remove(StorePath.Home(domainId)));
            AnnounceRelease();
        }
    }

    /// <summary>Ends a domain's connections and their watches.</summary>
    internal void Disconnect(int domainId)
    {
        lock (_gate)
        {
            foreach (LoopbackXenStore connection in _connections.FindAll(c => c.DomainId == domainId))
            {
                connection.End();
                _connections.Remove(connection);
                foreach (StoreWatch watch in connection.Watches())
                {
                    Remove(watch);
                }
            }
        }
    }

    internal void AnnounceRelease()
    {
        lock (_gate)
        {
            FireSpecial(StorePath.ReleaseDomain);
        }
    }

    private void Publish(StoreEdit edit)
    {
        StoreNode before = _root;
        foreach ((int owner, int nodes) in edit.Owned)
        {
            _owned[owner] = _owned.GetValueOrDefault(owner) + nodes;
        }

        Volatile.Write(ref _root, edit.Root);
        foreach (StoreChange change in edit.Changes)
        {
            Fire(change, before);
        }
    }

    private void Fire(StoreChange change, StoreNode before)
    {
        if (_watches.Count == 0)
        {
            return;
        }

        FireAt("/", change, before);
        for (int end = 1; end < change.Path.Length; end++)
        {
            if (change.Path[end] == '/')
            {
                FireAt(change.Path[..end], change, before);
            }
        }

        if (change.Path.Length > 1)
        {
            FireAt(change.Path, change, before);
        }

        if (change.Removed is { } removed)
        {
            FireBelow(change.Path, removed);
        }
    }

    private void FireAt(string watched, StoreChange change, StoreNode before)
    {
        if (!_watches.TryGetValue(watched, out List<StoreWatch>? watches))
        {
            return;
        }

        foreach (StoreWatch watch in watches)
        {
            int domainId = watch.Connection.DomainId;
            if (domainId == 0 || MayLearn(change, before, domainId))
            {
                watch.Connection.Enqueue(watch, change.Path);
            }
        }
    }

    /// <summary>An event reaches who may read the node, could read it before, or may read its parent (xenstored watch_permitted).</summary>
    private bool MayLearn(StoreChange change, StoreNode before, int domainId)
    {
        StoreNode? node = _root.Find(change.Path) ?? change.Removed ?? before.Find(change.Path);
        return MayRead(node, domainId) || MayRead(change.Before, domainId)
            || MayRead(_root.Find(StorePath.Parent(change.Path)), domainId);
    }

    /// <summary>A removal fires the watches inside what was removed with their own paths.</summary>
    private void FireBelow(string path, StoreNode removed)
    {
        foreach ((string name, StoreNode child) in removed.Children)
        {
            string childPath = StorePath.Child(path, name);
            if (_watches.TryGetValue(childPath, out List<StoreWatch>? watches))
            {
                foreach (StoreWatch watch in watches)
                {
                    if (MayRead(child, watch.Connection.DomainId) || MayRead(removed, watch.Connection.DomainId))
                    {
                        watch.Connection.Enqueue(watch, childPath);
                    }
                }
            }

            FireBelow(childPath, child);
        }
    }

    /// <summary>Special names are readable by domain 0 alone (xenstored's default).</summary>
    private void FireSpecial(string name)
    {
        if (_watches.TryGetValue(name, out List<StoreWatch>? watches))
        {
            foreach (StoreWatch watch in watches)
            {
                if (watch.Connection.DomainId == 0)
                {
                    watch.Connection.Enqueue(watch, name);
                }
            }
        }
    }

    private static bool MayRead(StoreNode? node, int domainId) =>
        domainId == 0 || (node is not null && node.Allows(domainId, XenStoreAccess.Read));
}
