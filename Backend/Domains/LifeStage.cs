namespace PciBackFlow.Backend.Domains;

/// <summary>How far a life of a domain has come. What a guest may keep, and what may still be touched in its name, depends on it.</summary>
public enum LifeStage
{
    /// <summary>It lives: running or paused.</summary>
    Alive,

    /// <summary>Its kernel has halted, rebooted or crashed, and nobody has destroyed it yet: its toolstack is about to.</summary>
    Halted,

    /// <summary>It was destroyed, and stays behind as long as somebody holds its pages. Xen still knows what it was given.</summary>
    Dying,

    /// <summary>There is no domain of this id: what it was given went with it.</summary>
    Gone,

    /// <summary>The id is another life's by now: nothing may be done to it in this one's name.</summary>
    Replaced,
}
