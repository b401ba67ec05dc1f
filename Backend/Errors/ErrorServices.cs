using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Errors;

/// <summary>What recoveries act through. All of it may be used by many at once.</summary>
internal sealed record ErrorServices
{
    /// <summary>Who tells of errors.</summary>
    public required IErrorSource Source { get; init; }

    /// <summary>The guests that live now.</summary>
    public required Func<IReadOnlyList<GuestSnapshot>> Guests { get; init; }

    /// <summary>How a shard tells what a guest has answered.</summary>
    public required ShardNotices Notices { get; init; }

    /// <summary>What the next daemon finds; null where nobody follows this one.</summary>
    public GuestInheritance? Inheritance { get; init; }

    /// <summary>Who takes devices from guests; null where another hand gives them.</summary>
    public IToolstack? Toolstack { get; init; }

    /// <summary>Who stops guests.</summary>
    public required IDomainControl Domains { get; init; }

    public required ErrorQuarantine Quarantine { get; init; }

    public required ErrorTiming Timing { get; init; }

    public required TimeProvider Clock { get; init; }

    public required ILogger Logger { get; init; }
}
