using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Grants;

/// <summary>The pirqs that a guest has, for lines and for messages.</summary>
internal static class MappedPirqs
{
    /// <summary>
    /// Unmaps one. Xen takes a dead guest's pirqs away itself: "no such guest" and "not mapped" are what was wanted. For the latter Xen has no other word than
    /// EINVAL (unmap_domain_pirq, xen/arch/x86/irq.c), which it also says of a number beyond the guest's: none was mapped there.
    /// </summary>
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
