using System.Collections.Immutable;
using System.Text;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Store;

/// <summary>
/// xenstored's operations on a tree, for one domain: permission checks, errors, inheritance, accounting, and which
/// paths were looked at and changed. Used by one thread (or under the tree's lock).
/// </summary>
internal sealed class StoreEdit
{
    private readonly StoreTree _tree;
    private readonly int _domainId;
    private readonly Action<string>? _accessed;

    /// <summary>Begins an edit.</summary>
    /// <param name="tree">Where generations and accounts come from.</param>
    /// <param name="root">The tree to start from.</param>
    /// <param name="domainId">On whose behalf.</param>
    /// <param name="accessed">Told each path the outcome depends on, before it is looked at; null when nobody asks.</param>
    internal StoreEdit(StoreTree tree, StoreNode root, int domainId, Action<string>? accessed)
    {
        _tree = tree;
        _domainId = domainId;
        _accessed = accessed;
        Root = root;
    }

    /// <summary>The tree with the changes so far.</summary>
    internal StoreNode Root { get; private set; }

    /// <summary>What changed, in order: these paths fire watches.</summary>
    internal List<StoreChange> Changes { get; } = [];

    /// <summary>Nodes gained or lost by owner.</summary>
    internal Dictionary<int, int> Owned { get; } = [];

    internal string? Read(string path) => Get(path, XenStoreAccess.Read)?.Value;

    internal IReadOnlyList<string>? Directory(string path) =>
        Get(path, XenStoreAccess.Read) is { } node ? [.. node.Children.Keys] : null;

    internal IReadOnlyList<XenStorePermission>? GetPermissions(string path) =>
        Get(path, XenStoreAccess.Read)?.Permissions;

    internal void Write(string path, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        int bytes = Encoding.UTF8.GetByteCount(value);
        if (path.Length + 1 + bytes > StoreQuota.PayloadBytes)
        {
            throw new HypervisorException(Errno.E2BIG, $"{path}: {bytes} bytes don't fit a xenstore message");
        }

        if (_domainId != 0 && bytes > StoreQuota.NodeBytes)
        {
            throw new HypervisorException(Errno.ENOSPC, $"{path}: {bytes} bytes exceed domain {_domainId}'s quota");
        }

        if (Get(path, XenStoreAccess.Write) is { } node)
        {
            Replace(path, node with { Value = value, Generation = _tree.NextGeneration() });
        }
        else
        {
            Create(path, value);
        }

        Changes.Add(new StoreChange(path, null));
    }

    internal void MakeDirectory(string path)
    {
        if (Get(path, XenStoreAccess.Write) is null)
        {
            Create(path, "");
            Changes.Add(new StoreChange(path, null));
        }
    }

    internal void Remove(string path)
    {
        StoreNode? node = Get(path, XenStoreAccess.Write);
        if (node is null)
        {
            if (Look(StorePath.Parent(path)) is null)
            {
                throw new HypervisorException(Errno.ENOENT, $"{path}: its parent does not exist");
            }

            return;
        }

        if (path == "/")
        {
            throw new HypervisorException(Errno.EINVAL, "the root can't be removed");
        }

        Disown(path, node);
        string parent = StorePath.Parent(path);
        _accessed?.Invoke(parent);
        Replace(path, null);
        Replace(parent, Root.Find(parent)! with { Generation = _tree.NextGeneration() });
        Changes.Add(new StoreChange(path, node));
    }

    internal void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions)
    {
        ArgumentNullException.ThrowIfNull(permissions);
        if (permissions.Count == 0)
        {
            throw new HypervisorException(Errno.EINVAL, $"{path}: a permission list names at least the owner");
        }

        StoreNode node = Get(path, XenStoreAccess.Write)
            ?? throw new HypervisorException(Errno.ENOENT, $"{path} does not exist");
        if (_domainId != 0 && node.Owner != _domainId)
        {
            throw new HypervisorException(Errno.EACCES, $"{path}: only its owner changes permissions, not domain {_domainId}");
        }

        if (_domainId != 0 && permissions[0].DomainId != _domainId)
        {
            throw new HypervisorException(Errno.EPERM, $"{path}: domain {_domainId} can't give its node away");
        }

        Count(node.Owner, -1);
        Count(permissions[0].DomainId, 1);
        Replace(path, node with { Permissions = [.. permissions], Generation = _tree.NextGeneration() });
        Changes.Add(new StoreChange(path, null, node));
    }

    /// <summary>The node if the domain may use it so; null if it does not exist and the domain may know that.</summary>
    private StoreNode? Get(string path, XenStoreAccess wanted)
    {
        StoreNode? node = Look(path);
        StoreNode? judge = node;

        // Absence is told only to who has the access on the nearest parent (xenstored errno_from_parents).
        for (string parent = path; judge is null; judge = Root.Find(parent))
        {
            parent = StorePath.Parent(parent);
        }

        return judge.Allows(_domainId, wanted)
            ? node
            : throw new HypervisorException(Errno.EACCES, $"{path}: domain {_domainId} has no {wanted} access");
    }

    private StoreNode? Look(string path)
    {
        _accessed?.Invoke(path);
        return Root.Find(path);
    }

    private void Create(string path, string value)
    {
        var missing = new Stack<string>();
        string existing = path;
        while (Look(existing) is null)
        {
            missing.Push(existing);
            existing = StorePath.Parent(existing);
        }

        StoreNode parent = Root.Find(existing)!;
        CheckNodeQuota(path, missing.Count);
        ImmutableArray<XenStorePermission> permissions = parent.Permissions;
        if (_domainId != 0)
        {
            // Permissions are inherited, but an unprivileged domain owns what it creates (xenstored construct_node).
            permissions = permissions.SetItem(0, permissions[0] with { DomainId = _domainId });
        }

        Replace(existing, parent with { Generation = _tree.NextGeneration() });
        while (missing.TryPop(out string? next))
        {
            string content = missing.Count == 0 ? value : "";
            Replace(next, new StoreNode(content, permissions, StoreNode.NoChildren, _tree.NextGeneration()));
            Count(permissions[0].DomainId, 1);
        }
    }

    private void Replace(string path, StoreNode? node) => Root = Root.With(StorePath.Split(path), node);

    private void Disown(string path, StoreNode node)
    {
        _accessed?.Invoke(path);
        Count(node.Owner, -1);
        foreach ((string name, StoreNode child) in node.Children)
        {
            Disown(StorePath.Child(path, name), child);
        }
    }

    private void CheckNodeQuota(string path, int more)
    {
        if (_domainId != 0 && _tree.OwnedBy(_domainId) + Owned.GetValueOrDefault(_domainId) + more > StoreQuota.Nodes)
        {
            throw new HypervisorException(Errno.ENOSPC, $"{path}: domain {_domainId} owns {StoreQuota.Nodes} nodes already");
        }
    }

    private void Count(int owner, int nodes) => Owned[owner] = Owned.GetValueOrDefault(owner) + nodes;
}
