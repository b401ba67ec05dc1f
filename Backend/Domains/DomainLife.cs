namespace PciBackFlow.Backend.Domains;

/// <summary>One life of a domain. Ids come back, and a rebooted guest has its UUID under another id: only both together name what grants belong to.</summary>
/// <param name="DomainId">Its id.</param>
/// <param name="Handle">Its UUID.</param>
public readonly record struct DomainLife(int DomainId, Guid Handle);
