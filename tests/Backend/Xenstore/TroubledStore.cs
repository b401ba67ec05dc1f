using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Tests.Xenstore;

/// <summary>A platform whose xenstore refuses what a test says, and whose transactions end in a conflict (EAGAIN) when a test says so.</summary>
internal sealed class TroubledStore(IHypervisor hypervisor) : IHypervisor
{
    /// <summary>Called before each operation with its name and path; throws to refuse it.</summary>
    public Action<string, string>? Before { get; set; }

    /// <summary>Given the paths that a transaction read, whether somebody else changed one of them meanwhile.</summary>
    public Func<IReadOnlySet<string>, bool>? Conflicts { get; set; }

    public string Name => hypervisor.Name;

    public IEventChannels OpenEventChannels() => hypervisor.OpenEventChannels();

    public IPhysdev OpenPhysdev() => hypervisor.OpenPhysdev();

    public IDomainControl OpenDomainControl() => hypervisor.OpenDomainControl();

    public IGrantTable OpenGrantTable() => hypervisor.OpenGrantTable();

    public IXenStore OpenXenStore() => new Store(this, hypervisor.OpenXenStore());

    private class Access(TroubledStore owner, IXenStoreAccess inner) : IXenStoreAccess
    {
        public string? Read(string path)
        {
            Look("read", path);
            return inner.Read(path);
        }

        public IReadOnlyList<string>? Directory(string path)
        {
            Look("directory", path);
            return inner.Directory(path);
        }

        public void Write(string path, string value)
        {
            owner.Before?.Invoke("write", path);
            inner.Write(path, value);
        }

        public void MakeDirectory(string path)
        {
            owner.Before?.Invoke("mkdir", path);
            inner.MakeDirectory(path);
        }

        public void Remove(string path)
        {
            owner.Before?.Invoke("rm", path);
            inner.Remove(path);
        }

        public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => inner.GetPermissions(path);

        public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => inner.SetPermissions(path, permissions);

        protected virtual void Look(string operation, string path) => owner.Before?.Invoke(operation, path);
    }

    private sealed class Store(TroubledStore owner, IXenStore inner) : Access(owner, inner), IXenStore
    {
        private readonly TroubledStore _owner = owner;

        public IDisposable Watch(string path, Action<string> changed) => inner.Watch(path, changed);

        public IXenStoreTransaction BeginTransaction() => new Transaction(_owner, inner.BeginTransaction());

        public void Dispose() => inner.Dispose();
    }

    private sealed class Transaction(TroubledStore owner, IXenStoreTransaction inner) : Access(owner, inner), IXenStoreTransaction
    {
        private readonly TroubledStore _owner = owner;

        // One thread's, as a transaction is; the connection is everybody's.
        private readonly HashSet<string> _readPaths = [];

        public bool Commit() => _owner.Conflicts?.Invoke(_readPaths) != true && inner.Commit();

        protected override void Look(string operation, string path)
        {
            base.Look(operation, path);
            _readPaths.Add(path);
        }

        public void Dispose() => inner.Dispose();
    }
}
