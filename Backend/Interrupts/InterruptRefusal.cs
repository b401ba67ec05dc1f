using PciBackFlow.Filter.Insight;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>Why messages were not enabled.</summary>
/// <param name="Errno">What a guest is told, where the operation has a place for it.</param>
/// <param name="Reason">For people; identifies the warning, so it holds no number that changes.</param>
/// <param name="Available">Several MSI messages: how many would work; 0 when that is not known.</param>
/// <param name="IsHypervisors">Whether the hypervisor refused, which cost it something.</param>
internal sealed record InterruptRefusal(Errno Errno, string Reason, uint Available = 0, bool IsHypervisors = false)
{
    /// <summary>What a hypercall's error means here.</summary>
    public static InterruptRefusal Of(HypervisorException error) => new(error.Errno, Explain(error), IsHypervisors: true);

    /// <summary>A hypercall that did not come to be: the daemon is ending, and a late request finds the descriptor closed.</summary>
    public static InterruptRefusal Ending => new(Errno.EIO, "the daemon is ending");

    private static string Explain(HypervisorException error) => error.Errno switch
    {
        Errno.ENODEV => "Xen has not assigned the function to this guest, or does not know it (ENODEV)",
        Errno.ENODATA => "Xen was not told of its MSI-X table before the guest got it (prepare_msix): detach it and take it from the host again (ENODATA)",
        Errno.ENXIO => "memory decoding is off (ENXIO)",
        Errno.ENOSPC => "no interrupt vectors are left (ENOSPC)",
        Errno.ESRCH => "the guest is gone (ESRCH)",
        _ => error.Message,
    };
}
