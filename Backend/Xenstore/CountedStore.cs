using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// The store as one guest's backend uses it, with its requests counted: each is a round trip on the one connection that all guests share. As safe for threads
/// as the store itself, which it does not own.
/// </summary>
internal sealed class CountedStore(IXenStore inner) : ForwardingAccess, IXenStore
{
    private volatile IXenStore _inner = inner;
    private long _requests;

    /// <summary>Requests so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Asks another one from now on.</summary>
    public void Ask(IXenStore next) => _inner = next;

    public IDisposable Watch(string path, Action<string> changed) => Counted(_inner).Watch(path, changed);

    public IXenStoreTransaction BeginTransaction() => new Transaction(this, Counted(_inner).BeginTransaction());

    public void Dispose()
    {
    }

    protected override IXenStoreAccess Next() => Counted(_inner);

    private T Counted<T>(T access)
    {
        Interlocked.Increment(ref _requests);
        return access;
    }

    private sealed class Transaction(CountedStore owner, IXenStoreTransaction inner) : ForwardingAccess, IXenStoreTransaction
    {
        public bool Commit() => owner.Counted(inner).Commit();

        public void Dispose() => inner.Dispose();

        protected override IXenStoreAccess Next() => owner.Counted(inner);
    }
}
