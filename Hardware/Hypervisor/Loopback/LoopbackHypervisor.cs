using PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;
using PciBackFlow.Hardware.Hypervisor.Loopback.Grants;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback;

/// <summary>
/// The hypervisor as one domain sees it: what that domain binds, maps and may read. The backend uses domain 0's;
/// a simulated frontend uses its own domain's, through the same interfaces.
/// </summary>
public sealed class LoopbackHypervisor : IHypervisor
{
    private readonly LoopbackDomain _domain;

    internal LoopbackHypervisor(LoopbackDomain domain) => _domain = domain;

    /// <inheritdoc/>
    public string Name => "loopback";

    /// <summary>The domain whose view this is.</summary>
    public int DomainId => _domain.DomainId;

    /// <summary>The host.</summary>
    public LoopbackHost Host => _domain.Host;

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">ESRCH: the domain was destroyed.</exception>
    public IEventChannels OpenEventChannels() => _domain.OpenEventChannels(set: null, member: 0);

    internal IEventChannels OpenEventChannels(LoopbackEventSet set, int member) => _domain.OpenEventChannels(set, member);

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">ESRCH: the domain was destroyed.</exception>
    public IGrantTable OpenGrantTable()
    {
        _domain.ThrowIfDead();
        return new LoopbackGrantTable(_domain);
    }

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">ESRCH: the domain was destroyed.</exception>
    public IXenStore OpenXenStore()
    {
        _domain.ThrowIfDead();
        return Host.Store.Connect(_domain);
    }

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">EPERM: not domain 0's view.</exception>
    public IPhysdev OpenPhysdev()
    {
        ThrowUnlessControlDomain();
        return new LoopbackPhysdev(Host.Passthrough);
    }

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">EPERM: not domain 0's view.</exception>
    public IDomainControl OpenDomainControl()
    {
        ThrowUnlessControlDomain();
        return new LoopbackDomainControl(Host);
    }

    /// <summary>Grants a new zeroed page of this domain to another (what a frontend does through gntalloc).</summary>
    /// <param name="toDomainId">The domain that may map it; it need not exist yet.</param>
    /// <param name="readOnly">True: the other side may not map it for writing.</param>
    /// <returns>The page; dispose it when this domain no longer uses it.</returns>
    /// <exception cref="HypervisorException">ESRCH: the domain was destroyed.</exception>
    public GrantedPage Grant(int toDomainId, bool readOnly = false) => _domain.Grant(toDomainId, readOnly);

    private void ThrowUnlessControlDomain()
    {
        if (DomainId != 0)
        {
            throw new HypervisorException(Errno.EPERM, $"domain {DomainId} may not control domains and devices");
        }
    }
}
