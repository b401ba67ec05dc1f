using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Loopback;

/// <summary>Domain 0's domain-control calls on a <see cref="LoopbackHost"/>. Thread-safe.</summary>
internal sealed class LoopbackDomainControl(LoopbackHost host) : IDomainControl
{
    private volatile bool _disposed;

    /// <inheritdoc/>
    public string Version => "loopback";

    /// <inheritdoc/>
    public bool CanAssignDevices => Open.Platform.HasIommu;

    /// <inheritdoc/>
    public bool? RemapsInterrupts() => Open.Platform.RemapsInterrupts;

    private LoopbackPassthrough Open
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return host.Passthrough;
        }
    }

    /// <inheritdoc/>
    public DomainInfo? Find(int domainId)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return host.FindDomain(domainId)?.Info;
    }

    /// <inheritdoc/>
    public IReadOnlyList<DomainInfo> List()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        List<DomainInfo> domains = [];
        foreach (LoopbackDomain domain in host.Domains)
        {
            domains.Add(domain.Info);
        }

        domains.Sort((a, b) => a.DomainId.CompareTo(b.DomainId));
        return domains;
    }

    /// <inheritdoc/>
    public void Assign(int domainId, PciAddress function, bool relaxed) => Open.Assign(domainId, function);

    /// <inheritdoc/>
    public void Deassign(int domainId, PciAddress function) => Open.Deassign(domainId, function);

    /// <inheritdoc/>
    public bool IsAssignedToGuest(PciAddress function) => Open.IsAssignedToGuest(function);

    /// <inheritdoc/>
    public IReadOnlyList<PciAddress> GroupOf(int domainId, PciAddress function) => Open.GroupOf(domainId, function);

    /// <inheritdoc/>
    public void AllowMemory(int domainId, ulong firstFrame, ulong frames, bool allow) => Open.AllowMemory(domainId, firstFrame, frames, allow);

    /// <inheritdoc/>
    public void AllowPorts(int domainId, uint firstPort, uint ports, bool allow) => Open.AllowPorts(domainId, firstPort, ports, allow);

    /// <inheritdoc/>
    public void AllowInterrupt(int domainId, int pirq, bool allow) => Open.AllowInterrupt(domainId, pirq, allow);

    /// <inheritdoc/>
    public void Pause(int domainId) => Open.Pause(domainId);

    /// <inheritdoc/>
    public void Unpause(int domainId) => Open.Unpause(domainId);

    /// <inheritdoc/>
    public void Crash(int domainId) => Open.Crash(domainId);

    /// <inheritdoc/>
    public void Dispose() => _disposed = true;
}
