using Microsoft.Win32.SafeHandles;

namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>Everything the backend needs of a hypervisor; each part opens independently.</summary>
public interface IHypervisor
{
    /// <summary>The platform's name in reports: <c>xen</c> or <c>loopback</c>.</summary>
    string Name { get; }

    /// <summary>Opens an event-channel descriptor: one for each shard.</summary>
    /// <returns>A descriptor with no ports bound.</returns>
    IEventChannels OpenEventChannels();

    /// <summary>
    /// Goes on with an event-channel descriptor of an earlier process, whose ports are still bound. None of them is delivered before it is adopted.
    /// </summary>
    /// <param name="descriptor">What <see cref="IEventChannels.Descriptor"/> was there; owned by what is returned, and closed when it is refused.</param>
    /// <returns>A descriptor with ports that nobody has adopted.</returns>
    /// <exception cref="HypervisorException">EINVAL: it is no event-channel descriptor of this platform, or not as this program opens one.</exception>
    IEventChannels OpenEventChannels(SafeFileHandle descriptor);

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
