using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>What granting and revoking act through. Nothing of it is disposed by them.</summary>
public record GrantServices
{
    /// <summary>A xenstore connection of domain 0.</summary>
    public required IXenStore Store { get; init; }

    /// <summary>Grants, assignment and what is known about domains.</summary>
    public required IDomainControl Domains { get; init; }

    /// <summary>Line interrupts, and messages that an earlier daemon mapped.</summary>
    public required IPhysdev Physdev { get; init; }

    /// <summary>The host's devices. The backend's guests claim theirs from the same.</summary>
    public required IDeviceCustody Custody { get; init; }

    /// <summary>The grants' journal.</summary>
    public required GrantJournal Journal { get; init; }

    /// <summary>Whether a guest is to have a device's expansion ROM: if not, its memory is not granted.</summary>
    /// <remarks>Throws <see cref="BackendException"/> when what the configuration says of the device is not definite.</remarks>
    public Func<PciAddress, bool> HasRom { get; init; } = static _ => true;

    /// <summary>Where its lines go.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Who follows the plans that are carried out; null for nobody.</summary>
    internal IPlanObserver? Observer { get; init; }
}
