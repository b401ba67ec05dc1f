namespace PciBackFlow.Backend.Domains;

/// <summary>Who is told that domains came or ended, first to last.</summary>
public enum DomainListener
{
    /// <summary>Who serves guests: lets go of a dead one's page, channel and functions, which resets them.</summary>
    Guests,

    /// <summary>Who attached: takes back what the dead one was granted. It waits for the resets itself; told later it rarely has to.</summary>
    Toolstack,
}
