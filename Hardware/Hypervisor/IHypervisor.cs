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
}
