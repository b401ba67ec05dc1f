using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Filter.Map;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Serving;

/// <summary>What every guest's life cycle acts through. All of it may be used by many guests' queues at once.</summary>
internal sealed record GuestServices
{
    public required IXenStore Store { get; init; }

    /// <summary>The store for the first look at each guest that is there when the daemon starts: one that remembers, or <see cref="Store"/>.</summary>
    public required IXenStore FirstStore { get; init; }

    public required IGrantTable Grants { get; init; }

    /// <summary>Who tells that domains ended.</summary>
    public required DomainEvents DomainEvents { get; init; }

    /// <summary>Which domains live and what they are; null when nobody knows, and directories alone decide.</summary>
    public required IDomainControl? Domains { get; init; }

    public required GuestLanes Lanes { get; init; }

    /// <summary>Who enables interrupts and takes them back; null when the platform offers none.</summary>
    public InterruptOperations? Interrupts { get; init; }

    public required IFunctionSource Functions { get; init; }

    public required Func<ISlotAllocator> CreateSlots { get; init; }

    /// <summary>What a guest may do with a function.</summary>
    public required AssignmentCompiler Permissions { get; init; }

    /// <summary>
    /// What a guest has lost but still has claimed, because a request for it has not come back (<see cref="Withdrawal"/>): it can't be given
    /// it again. By domain and host address.
    /// </summary>
    public ConcurrentDictionary<(int DomainId, PciAddress Host), bool> Leaving { get; } = new();

    /// <summary>What the next daemon finds of the guests; null where nobody follows this one.</summary>
    public GuestInheritance? Inheritance { get; init; }

    /// <summary>How a shard tells a guest's queue something.</summary>
    public required ShardNotices Notices { get; init; }

    public required ILogger Logger { get; init; }

    public required DistinctWarnings Warnings { get; init; }

    /// <summary>Lets others claim a function. What was said of it for this guest alone ends before that.</summary>
    public void EndClaim(int domainId, PciAddress host)
    {
        Permissions.EndGuest(host);
        Inheritance?.Forget(host);
        Functions.Release(domainId, host);
    }
}
