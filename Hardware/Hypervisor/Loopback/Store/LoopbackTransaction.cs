using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Store;

/// <summary>
/// A transaction: edits its own snapshot, remembers what it depended on, and is applied anew to the shared tree at
/// commit if none of that changed. Used by one thread.
/// </summary>
internal sealed class LoopbackTransaction : IXenStoreTransaction
{
    private readonly StoreTree _tree;
    private readonly LoopbackXenStore _connection;
    private readonly StoreNode _snapshot;
    private readonly StoreEdit _edit;
    private readonly Dictionary<string, long> _accessed = new(StringComparer.Ordinal);
    private readonly List<Action<StoreEdit>> _changes = [];
    private bool _ended;

    internal LoopbackTransaction(StoreTree tree, LoopbackXenStore connection)
    {
        _tree = tree;
        _connection = connection;
        _snapshot = tree.Root;
        _edit = new StoreEdit(tree, _snapshot, connection.DomainId, NoteAccess);
    }

    /// <inheritdoc/>
    public string? Read(string path) => Open().Read(_connection.Resolve(path));

    /// <inheritdoc/>
    public IReadOnlyList<string>? Directory(string path) => Open().Directory(_connection.Resolve(path));

    /// <inheritdoc/>
    public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => Open().GetPermissions(_connection.Resolve(path));

    /// <inheritdoc/>
    public void Write(string path, string value)
    {
        string absolute = _connection.Resolve(path);
        Change(edit => edit.Write(absolute, value));
    }

    /// <inheritdoc/>
    public void MakeDirectory(string path)
    {
        string absolute = _connection.Resolve(path);
        Change(edit => edit.MakeDirectory(absolute));
    }

    /// <inheritdoc/>
    public void Remove(string path)
    {
        string absolute = _connection.Resolve(path);
        Change(edit => edit.Remove(absolute));
    }

    /// <inheritdoc/>
    public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions)
    {
        string absolute = _connection.Resolve(path);
        XenStorePermission[] own = [.. permissions];
        Change(edit => edit.SetPermissions(absolute, own));
    }

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">ENOENT: it has ended already; ENOSPC: the node quota was used up meanwhile.</exception>
    public bool Commit()
    {
        Open();
        End();
        return _tree.TryCommit(_connection.DomainId, _accessed, _changes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_ended)
        {
            End();
        }
    }

    private StoreEdit Open()
    {
        _connection.ThrowIfEnded();
        return _ended ? throw new HypervisorException(Errno.ENOENT, "the xenstore transaction has ended") : _edit;
    }

    private void Change(Action<StoreEdit> change)
    {
        change(Open());
        _changes.Add(change);
    }

    private void End()
    {
        _ended = true;
        _connection.TransactionEnded();
    }

    private void NoteAccess(string path)
    {
        if (!_accessed.ContainsKey(path))
        {
            _accessed.Add(path, _snapshot.Find(path)?.Generation ?? StoreNode.Absent);
        }
    }
}
