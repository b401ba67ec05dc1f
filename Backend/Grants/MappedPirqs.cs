using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Grants;

/// <summary>The pirqs that a guest has, for lines and for messages.</summary>
internal static class MappedPirqs
{
    /// <summary>Unmaps one. Xen takes a dead guest's pirqs away itself: "no such guest" and "not mapped" are what was wanted.</summary>
    /// <exception cref="HypervisorException">Xen refused: it is mapped still.</exception>
    public static void Unmap(IPhysdev physdev, int domainId, int pirq)
    {
        try
        {
            physdev.Unmap(domainId, pirq);
        }
        catch (HypervisorException e) when (e.Errno is Errno.ESRCH or Errno.EINVAL)
        {
            // Gone already.
        }
    }
}
