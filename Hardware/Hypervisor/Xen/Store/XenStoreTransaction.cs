using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>A transaction that xenstored keeps. Used by one thread.</summary>
internal sealed class XenStoreTransaction : IXenStoreTransaction
{
    private readonly XenStoreOperations _operations;
    private bool _ended;

    internal XenStoreTransaction(XenStoreOperations operations) => _operations = operations;

    /// <inheritdoc/>
    public string? Read(string path) => Open().Read(path);

    /// <inheritdoc/>
    public IReadOnlyList<string>? Directory(string path) => Open().Directory(path);

    /// <inheritdoc/>
    public void Write(string path, string value) => Open().Write(path, value);

    /// <inheritdoc/>
    public void MakeDirectory(string path) => Open().MakeDirectory(path);

    /// <inheritdoc/>
    public void Remove(string path) => Open().Remove(path);

    /// <inheritdoc/>
    public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => Open().GetPermissions(path);

    /// <inheritdoc/>
    public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => Open().SetPermissions(path, permissions);

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">ENOENT: it has ended already; ENOSPC: a quota; EIO: the connection was lost.</exception>
    public bool Commit()
    {
        XenStoreOperations operations = Open();
        _ended = true;
        return operations.EndTransaction(commit: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        try
        {
            // Xenstored keeps the snapshot, and counts it, until told.
            _operations.EndTransaction(commit: false);
        }
        catch (Exception e) when (e is HypervisorException or ObjectDisposedException)
        {
            // It ended with the connection.
        }
    }

    private XenStoreOperations Open() =>
        _ended ? throw new HypervisorException(Errno.ENOENT, "the xenstore transaction has ended") : _operations;
}
