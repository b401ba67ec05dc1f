using PciBackFlow.Backend.Failures;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Sources;

/// <summary>Where guests' functions come from. Safe for use by many guests at once.</summary>
public interface IFunctionSource
{
    /// <summary>Claims a function for one guest: no other gets it until it is released.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="address">The host's address.</param>
    /// <returns>The function, or why the guest does not get it.</returns>
    FunctionClaim Claim(int domainId, PciAddress address);

    /// <summary>Claims a function that the guest has from an earlier daemon: it need not be made ready for it.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="address">The host's address.</param>
    /// <returns>The function, or why the guest does not have it any more; <see cref="DeviceFailureKind.Gone"/> where it just does not answer.</returns>
    FunctionClaim Continue(int domainId, PciAddress address) => Claim(domainId, address);

    /// <summary>Releases a claim. Releasing twice, or what was never claimed, does nothing.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="address">The host's address.</param>
    void Release(int domainId, PciAddress address);
}
