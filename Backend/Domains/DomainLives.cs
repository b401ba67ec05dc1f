using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Domains;

/// <summary>Which guest is this, and does it still live: the questions, each with a name, that the hypervisor's answer about an id decides.</summary>
internal static class DomainLives
{
    /// <summary>How far a life has come.</summary>
    /// <exception cref="HypervisorException">The hypervisor does not tell; the same for all that follow.</exception>
    public static LifeStage StageOf(this IDomainControl domains, DomainLife life) => domains.Find(life.DomainId) switch
    {
        null => LifeStage.Gone,
        { } domain when DomainLife.Of(domain) != life => LifeStage.Replaced,
        { IsDying: true } => LifeStage.Dying,
        { IsShutdown: true } => LifeStage.Halted,
        _ => LifeStage.Alive,
    };

    /// <summary>Whether it lives: it can take a device up, and let go of one.</summary>
    public static bool IsAlive(this IDomainControl domains, DomainLife life) => domains.StageOf(life) == LifeStage.Alive;

    /// <summary>Whether its domain is there, in whatever condition: Xen knows it, and takes from it what it was given.</summary>
    public static bool IsThere(this IDomainControl domains, DomainLife life) =>
        domains.StageOf(life) is LifeStage.Alive or LifeStage.Halted or LifeStage.Dying;

    /// <summary>The domain of a life that lives; null when it does not.</summary>
    public static DomainInfo? FindAlive(this IDomainControl domains, DomainLife life) =>
        domains.Find(life.DomainId) is { HasEnded: false } domain && DomainLife.Of(domain) == life ? domain : null;

    /// <summary>What a domain is to who serves it, whichever life it is; without anybody who knows, every domain counts as served.</summary>
    public static DomainStanding StandingOf(this IDomainControl? domains, int domainId) => domains is null
        ? DomainStanding.Served
        : domains.Find(domainId) switch
        {
            null or { IsDying: true } => DomainStanding.Gone,
            { IsHardwareVirtualized: true } => DomainStanding.ServedElsewhere,
            { IsShutdown: true } => DomainStanding.Ended,
            _ => DomainStanding.Served,
        };
}
