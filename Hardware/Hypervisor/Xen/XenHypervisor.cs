using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;
using PciBackFlow.Hardware.Hypervisor.Xen.Grants;
using PciBackFlow.Hardware.Hypervisor.Xen.Store;

namespace PciBackFlow.Hardware.Hypervisor.Xen;

/// <summary>Xen, as its control domain reaches it: device nodes, xenstored, hypercalls. <see cref="XenHost"/> tells beforehand what is missing.</summary>
public sealed class XenHypervisor : IHypervisor
{
    private readonly Action<string>? _storeLost;

    /// <summary>Creates the view; nothing is opened yet.</summary>
    /// <param name="storeLost">Told once for each xenstore connection that is lost, with the reason; on the thread that noticed.</param>
    public XenHypervisor(Action<string>? storeLost = null) => _storeLost = storeLost;

    /// <inheritdoc/>
    public string Name => "xen";

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">ENOENT, ENXIO, ENODEV: no such device; EACCES, EPERM; EMFILE, ENFILE.</exception>
    public IEventChannels OpenEventChannels() => XenEventChannels.Open();

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">ENOENT, ENXIO, ENODEV: no such device; EACCES, EPERM; EMFILE, ENFILE.</exception>
    public IGrantTable OpenGrantTable() => XenGrantTable.Open();

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">ENOENT, ECONNREFUSED: no xenstored; EACCES: not allowed; EMFILE.</exception>
    public IXenStore OpenXenStore() => XenStoreConnection.Open(_storeLost);

    /// <inheritdoc/>
    public IPhysdev OpenPhysdev() => XenPhysdev.Open();

    /// <inheritdoc/>
    public IDomainControl OpenDomainControl() => XenDomainControl.Open();
}
