namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>Everything the backend needs of a hypervisor; each part opens independently.</summary>
public interface IHypervisor
{
    /// <summary>The platform's name in reports: <c>xen</c> or <c>loopback</c>.</summary>
    string Name { get; }

    /// <summary>Opens an event-channel descriptor: one for each shard.</summary>
    /// <returns>A descriptor with no ports bound.</returns>
    IEventChannels OpenEventChannels();

    /// <summary>Opens the grant-mapping interface.</summary>
    /// <returns>A mapper of other domains' pages.</returns>
    IGrantTable OpenGrantTable();

    /// <summary>Opens a xenstore connection.</summary>
    /// <returns>A connection with its own watches and transactions.</returns>
    IXenStore OpenXenStore();

    /// <summary>Opens the physical-device hypercalls.</summary>
    /// <returns>A descriptor of its own; any number may be open.</returns>
    /// <exception cref="HypervisorException">EPERM: not the control domain; ENOENT: the library or the device node is missing.</exception>
    IPhysdev OpenPhysdev();

    /// <summary>Opens the domain-control hypercalls.</summary>
    /// <returns>A descriptor of its own; any number may be open.</returns>
    /// <exception cref="HypervisorException">
    /// EPERM: not the control domain; ENOENT: the library or the device node is missing; EACCES: the hypervisor speaks another version.
    /// </exception>
    IDomainControl OpenDomainControl();
}
