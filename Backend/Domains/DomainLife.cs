using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Domains;

/// <summary>One life of a domain. Ids come back, and a rebooted guest has its UUID under another id: only both together name what grants belong to.</summary>
/// <param name="DomainId">Its id.</param>
/// <param name="Handle">Its UUID.</param>
public readonly record struct DomainLife(int DomainId, Guid Handle)
{
    /// <summary>The life a domain has now.</summary>
    /// <param name="domain">The domain.</param>
    /// <returns>Its id and UUID.</returns>
    public static DomainLife Of(DomainInfo domain) => new(domain.DomainId, domain.Handle);

    /// <summary>Whether both are lives of one guest: the same one, or one before and one after a reboot.</summary>
    /// <param name="other">The other.</param>
    /// <returns>Whether they have one UUID.</returns>
    public bool IsSameGuestAs(DomainLife other) => Handle == other.Handle;

    /// <summary>Whether this is the same guest's, but not the same: it was rebooted in between.</summary>
    /// <param name="other">The other.</param>
    /// <returns>Whether they have one UUID and two ids.</returns>
    public bool IsAnotherLifeOf(DomainLife other) => IsSameGuestAs(other) && this != other;
}
