using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Tests.Xenstore;

/// <summary>A platform whose first transactions all end in a conflict (EAGAIN).</summary>
internal sealed class ConflictingStore(IHypervisor hypervisor, int conflicts) : IHypervisor
{
    private int _left = conflicts;

    public string Name => hypervisor.Name;

    public int Left => Volatile.Read(ref _left);

    public IEventChannels OpenEventChannels() => hypervisor.OpenEventChannels();

    public IPhysdev OpenPhysdev() => hypervisor.OpenPhysdev();

    public IDomainControl OpenDomainControl() => hypervisor.OpenDomainControl();

    public IGrantTable OpenGrantTable() => hypervisor.OpenGrantTable();

    public IXenStore OpenXenStore() => new Store(this, hypervisor.OpenXenStore());

    private sealed class Store(ConflictingStore owner, IXenStore inner) : IXenStore
    {
        public string? Read(string path) => inner.Read(path);

        public IReadOnlyList<string>? Directory(string path) => inner.Directory(path);

        public void Write(string path, string value) => inner.Write(path, value);

        public void MakeDirectory(string path) => inner.MakeDirectory(path);

        public void Remove(string path) => inner.Remove(path);

        public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => inner.GetPermissions(path);

        public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => inner.SetPermissions(path, permissions);

        public IDisposable Watch(string path, Action<string> changed) => inner.Watch(path, changed);

        public IXenStoreTransaction BeginTransaction() => new Transaction(owner, inner.BeginTransaction());

        public void Dispose() => inner.Dispose();
    }

    private sealed class Transaction(ConflictingStore owner, IXenStoreTransaction inner) : IXenStoreTransaction
    {
        public string? Read(string path) => inner.Read(path);

        public IReadOnlyList<string>? Directory(string path) => inner.Directory(path);

        public void Write(string path, string value) => inner.Write(path, value);

        public void MakeDirectory(string path) => inner.MakeDirectory(path);

        public void Remove(string path) => inner.Remove(path);

        public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => inner.GetPermissions(path);

        public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => inner.SetPermissions(path, permissions);

        public bool Commit() => Interlocked.Decrement(ref owner._left) < 0 && inner.Commit();

        public void Dispose() => inner.Dispose();
    }
}
