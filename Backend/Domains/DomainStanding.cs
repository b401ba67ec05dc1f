namespace PciBackFlow.Backend.Domains;

/// <summary>What the hypervisor says about a guest's domain: xenstore directories outlive their domain, and not every domain speaks this protocol.</summary>
public enum DomainStanding
{
    /// <summary>It lives, and is paravirtualised: this backend serves it.</summary>
    Served,

    /// <summary>
    /// Its kernel has halted, rebooted or crashed; nobody has destroyed the domain yet. Its toolstack is about
    /// to, and uses the directories for it.
    /// </summary>
    Ended,

    /// <summary>It was destroyed. As long as its page is mapped a destroyed domain stays behind as a zombie.</summary>
    Gone,

    /// <summary>It is an HVM or PVH guest: the toolstack writes the same directories for it, but its device model serves its devices.</summary>
    ServedElsewhere,
}
