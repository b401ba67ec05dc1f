namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>What the hypervisor knows about a domain.</summary>
/// <param name="DomainId">Its id. Ids come back: <paramref name="Handle"/> tells lives apart.</param>
/// <param name="Handle">Its UUID.</param>
/// <param name="IsDying">It was destroyed, but somebody still holds its pages (a zombie), or it is being destroyed.</param>
/// <param name="IsShutdown">Its kernel has halted, rebooted or crashed; not: it is suspended.</param>
/// <param name="IsPaused">The toolstack paused it, or it has not been started.</param>
/// <param name="IsHardwareVirtualized">It is an HVM or PVH guest: not served by this protocol.</param>
public readonly record struct DomainInfo(int DomainId, Guid Handle, bool IsDying, bool IsShutdown, bool IsPaused, bool IsHardwareVirtualized)
{
    /// <summary>DOMID_IO: the domain that devices in quarantine belong to (public/xen.h).</summary>
    public const int Quarantine = 0x7FF1;

    /// <summary>Whether its kernel will never run again: it needs no device, whether or not its toolstack has cleared it away yet.</summary>
    public bool HasEnded => IsDying || IsShutdown;
}
