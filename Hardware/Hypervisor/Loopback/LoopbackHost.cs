using System.Collections.Concurrent;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Hypervisor.Loopback.Store;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback;

/// <summary>
/// A hypervisor in memory: domains, event channels, grants, one xenstore and the passthrough of devices, for any number of guests in one process.
/// Behaves towards its users as Xen does through <c>/dev/xen/evtchn</c>, <c>/dev/xen/gntdev</c>, <c>/dev/xen/xenbus</c> and <c>/dev/xen/privcmd</c>.
/// Thread-safe.
/// </summary>
public sealed class LoopbackHost
{
    /// <summary>The first domain id that Xen reserves (public/xen.h <c>DOMID_FIRST_RESERVED</c>); guests lie below.</summary>
    public const int FirstReservedDomainId = 0x7FF0;

    private readonly ConcurrentDictionary<int, LoopbackDomain> _domains = new();

    // A domain's end is finished before its id comes back.
    private readonly Lock _lifeLock = new();

    /// <summary>Creates a host with domain 0 and an empty store.</summary>
    /// <param name="platform">What kind of machine; null: one with an IOMMU and interrupt remapping that knows every function.</param>
    public LoopbackHost(LoopbackPlatform? platform = null)
    {
        Passthrough = new LoopbackPassthrough(this, platform ?? new LoopbackPlatform());
        CreateDomain(0, Guid.Empty);
    }

    /// <summary>Domain 0's view: the backend's.</summary>
    public IHypervisor BackendView => ViewOf(0);

    /// <summary>The domains that are found now, dying ones included, in no order.</summary>
    public IReadOnlyCollection<LoopbackDomain> Domains => (IReadOnlyCollection<LoopbackDomain>)_domains.Values;

    /// <summary>Which domain has which function, what is granted to whom, and the interrupts.</summary>
    public LoopbackPassthrough Passthrough { get; }

    internal StoreTree Store { get; } = new();

    /// <summary>Guards which port is connected to which, on all domains. Never taken by notify, read or unmask.</summary>
    internal Lock ConnectionLock { get; } = new();

    /// <summary>
    /// Creates a domain with <c>/local/domain/ID</c> readable by it and fires <c>@introduceDomain</c>, as a toolstack does.
    /// </summary>
    /// <param name="domainId">Its id, 0 to 0x7FEF.</param>
    /// <param name="handle">Its UUID; null: a new one.</param>
    /// <returns>The new domain.</returns>
    /// <exception cref="HypervisorException">EINVAL: not a guest's id; EEXIST: a domain of that id lives, or is dying.</exception>
    public LoopbackDomain CreateDomain(int domainId, Guid? handle = null)
    {
        if (domainId is < 0 or >= FirstReservedDomainId)
        {
            throw new HypervisorException(Errno.EINVAL, $"domain {domainId}: ids run from 0 to {FirstReservedDomainId - 1}");
        }

        var domain = new LoopbackDomain(this, domainId, handle ?? Guid.NewGuid());
        lock (_lifeLock)
        {
            if (!_domains.TryAdd(domainId, domain))
            {
                throw new HypervisorException(Errno.EEXIST, $"domain {domainId} exists already");
            }

            Store.Introduce(domainId);
        }

        return domain;
    }

    /// <summary>A guest's kernel halts: it says so, and <c>@releaseDomain</c> fires. All that it has it keeps. Does nothing when the domain is gone.</summary>
    /// <param name="domainId">The domain.</param>
    public void ShutDown(int domainId)
    {
        lock (_lifeLock)
        {
            if (FindDomain(domainId) is { IsShutdown: false } domain)
            {
                domain.ShutDown();
                Store.AnnounceRelease();
            }
        }
    }

    /// <summary>
    /// Ends a domain of which somebody still holds a page: a zombie. Its ports close, its pirqs are unmapped, its functions taken back, its xenstore
    /// connections end, <c>@releaseDomain</c> fires; but its id stays taken and its directory stays, until <see cref="DestroyDomain"/>. Does nothing when
    /// the domain is gone.
    /// </summary>
    /// <param name="domainId">The domain.</param>
    /// <exception cref="HypervisorException">EINVAL: domain 0.</exception>
    public void BeginDestroy(int domainId)
    {
        ThrowIfControlDomain(domainId);
        lock (_lifeLock)
        {
            if (FindDomain(domainId) is { IsDying: false } domain)
            {
                domain.Die();
                Store.Disconnect(domainId);
                Store.AnnounceRelease();
            }
        }
    }

    /// <summary>
    /// Ends a domain as a crash does: its ports close and their other ends go dead, its grants can no longer be mapped
    /// (mapped pages stay valid), its pirqs are unmapped and its functions taken back, its xenstore connections end,
    /// <c>/local/domain/ID</c> is removed, <c>@releaseDomain</c> fires. A thread of it that is blocked in <see cref="IEventChannels.Read"/>
    /// returns once. Does nothing when the domain is gone.
    /// </summary>
    /// <param name="domainId">The domain.</param>
    /// <exception cref="HypervisorException">EINVAL: domain 0.</exception>
    public void DestroyDomain(int domainId)
    {
        ThrowIfControlDomain(domainId);
        lock (_lifeLock)
        {
            // As Xen does: a dying domain's devices go (domain_kill, domain_relinquish_resources) while it can still be found, so whoever does not find it
            // any more does not find them assigned to it either.
            if (FindDomain(domainId) is { } domain)
            {
                domain.Die();
                _domains.TryRemove(domainId, out _);
                Store.Release(domainId);
            }
        }
    }

    /// <summary>The hypervisor as one domain sees it.</summary>
    /// <param name="domainId">The domain.</param>
    /// <returns>Its view; the same object for every call.</returns>
    /// <exception cref="HypervisorException">ESRCH: no such domain.</exception>
    public LoopbackHypervisor ViewOf(int domainId) => Domain(domainId).View;

    internal LoopbackDomain? FindDomain(int domainId) => _domains.GetValueOrDefault(domainId);

    internal LoopbackDomain Domain(int domainId) => FindDomain(domainId)
        ?? throw new HypervisorException(Errno.ESRCH, $"domain {domainId} does not exist");

    private static void ThrowIfControlDomain(int domainId)
    {
        if (domainId == 0)
        {
            throw new HypervisorException(Errno.EINVAL, "domain 0 can't be destroyed");
        }
    }
}
