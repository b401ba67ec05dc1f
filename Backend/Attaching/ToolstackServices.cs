using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Attaching;

/// <summary>What the toolstack's half acts through. Nothing of it is disposed by it.</summary>
public sealed record ToolstackServices
{
    /// <summary>A xenstore connection of domain 0.</summary>
    public required IXenStore Store { get; init; }

    /// <summary>Grants, assignment and what is known about domains.</summary>
    public required IDomainControl Domains { get; init; }

    /// <summary>Line interrupts.</summary>
    public required IPhysdev Physdev { get; init; }

    /// <summary>The host's devices. The backend's guests claim theirs from the same.</summary>
    public required IDeviceCustody Custody { get; init; }

    /// <summary>The grants' journal.</summary>
    public required GrantJournal Journal { get; init; }

    /// <summary>How patient it is.</summary>
    public ToolstackTiming Timing { get; init; } = new();

    /// <summary>Where its lines go.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
