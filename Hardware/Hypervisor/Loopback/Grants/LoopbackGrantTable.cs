using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Grants;

/// <summary>Maps pages that other domains granted to one domain: the mapping is the same memory. Thread-safe.</summary>
internal sealed class LoopbackGrantTable : IGrantTable
{
    private readonly LoopbackDomain _domain;
    private volatile bool _disposed;

    internal LoopbackGrantTable(LoopbackDomain domain) => _domain = domain;

    /// <inheritdoc/>
    public IGrantMapping Map(int domainId, uint reference)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        GrantedPage? grant = _domain.Host.FindDomain(domainId)?.FindGrant(reference);
        if (grant is null)
        {
            throw new HypervisorException(Errno.EINVAL, $"domain {domainId} has no grant {reference}");
        }

        if (grant.ToDomainId != _domain.DomainId)
        {
            throw new HypervisorException(Errno.EPERM, $"grant {reference} of domain {domainId} is not for domain {_domain.DomainId}");
        }

        if (grant.IsReadOnly)
        {
            throw new HypervisorException(Errno.EPERM, $"grant {reference} of domain {domainId} is read-only");
        }

        LoopbackFrame page = grant.TryMap()
            ?? throw new HypervisorException(Errno.EINVAL, $"grant {reference} of domain {domainId} was revoked");
        return new Mapping(page);
    }

    /// <summary>Closes the interface. Mappings live on until they are disposed, as with gntdev.</summary>
    public void Dispose() => _disposed = true;

    private sealed unsafe class Mapping : IGrantMapping
    {
        private readonly LoopbackFrame _page;
        private int _disposed;

        internal Mapping(LoopbackFrame page) => _page = page;

        public byte* Address => _page.Address;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                _page.Release();
            }
        }
    }
}
