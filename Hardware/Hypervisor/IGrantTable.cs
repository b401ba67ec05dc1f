namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>Maps pages that other domains granted.</summary>
public interface IGrantTable : IDisposable
{
    /// <summary>Maps one granted page read-write.</summary>
    /// <param name="domainId">The granting domain.</param>
    /// <param name="reference">Its grant reference.</param>
    /// <returns>The mapping; dispose it to unmap.</returns>
    /// <exception cref="HypervisorException">EINVAL, EPERM: bad reference, not granted to this domain, or read-only.</exception>
    IGrantMapping Map(int domainId, uint reference);
}
