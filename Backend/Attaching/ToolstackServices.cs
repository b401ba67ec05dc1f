using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;

namespace PciBackFlow.Backend.Attaching;

/// <summary>What the toolstack's half acts through. Nothing of it is disposed by it.</summary>
public sealed record ToolstackServices : GrantServices
{
    /// <summary>Who tells that domains came or ended.</summary>
    public required DomainEvents DomainEvents { get; init; }

    /// <summary>How patient it is.</summary>
    public ToolstackTiming Timing { get; init; } = new();
}
