namespace PciBackFlow.Backend.Domains;

/// <summary>What happened to some domain.</summary>
public enum DomainChange
{
    /// <summary>One was made known to xenstore: it was created, or a suspended one came back.</summary>
    Introduced,

    /// <summary>One ended: its kernel halted, or it was destroyed.</summary>
    Ended,
}
