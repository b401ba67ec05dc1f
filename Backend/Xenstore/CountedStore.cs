using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// The store as one guest's backend uses it, with its requests counted: each is a round trip on the one connection that all guests share. As safe for threads
/// as the store itself, which it does not own.
/// </summary>
internal sealed class CountedStore(IXenStore inner) : IXenStore
{
    private volatile IXenStore _inner = inner;
    private long _requests;

    /// <summary>Requests so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Asks another one from now on.</summary>
    public void Ask(IXenStore next) => _inner = next;

    public string? Read(string path) => Counted(_inner).Read(path);

    public IReadOnlyList<string>? Directory(string path) => Counted(_inner).Directory(path);

    public void Write(string path, string value) => Counted(_inner).Write(path, value);

    public void MakeDirectory(string path) => Counted(_inner).MakeDirectory(path);

    public void Remove(string path) => Counted(_inner).Remove(path);

    public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => Counted(_inner).GetPermissions(path);

    public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => Counted(_inner).SetPermissions(path, permissions);

    public IDisposable Watch(string path, Action<string> changed) => Counted(_inner).Watch(path, changed);

    public IXenStoreTransaction BeginTransaction() => new Transaction(this, Counted(_inner).BeginTransaction());

    public void Dispose()
    {
    }

    private T Counted<T>(T access)
    {
        Interlocked.Increment(ref _requests);
        return access;
    }

    private sealed class Transaction(CountedStore owner, IXenStoreTransaction inner) : IXenStoreTransaction
    {
        public string? Read(string path) => owner.Counted(inner).Read(path);

        public IReadOnlyList<string>? Directory(string path) => owner.Counted(inner).Directory(path);

        public void Write(string path, string value) => owner.Counted(inner).Write(path, value);

        public void MakeDirectory(string path) => owner.Counted(inner).MakeDirectory(path);

        public void Remove(string path) => owner.Counted(inner).Remove(path);

        public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => owner.Counted(inner).GetPermissions(path);

        public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => owner.Counted(inner).SetPermissions(path, permissions);

        public bool Commit() => owner.Counted(inner).Commit();

        public void Dispose() => inner.Dispose();
    }
}
