using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Inspection;

/// <summary>What the live tree is made of. Asked when somebody looks; nothing is kept.</summary>
internal sealed record LiveState
{
    /// <summary>The daemon itself.</summary>
    public required Func<DaemonReport> Daemon { get; init; }

    /// <summary>Its shards.</summary>
    public required Func<IReadOnlyList<ShardReport>> Shards { get; init; }

    /// <summary>The engine's totals.</summary>
    public required Func<EngineCounters> Engine { get; init; }

    /// <summary>The guests.</summary>
    public required Func<IReadOnlyList<GuestSnapshot>> Guests { get; init; }

    /// <summary>A domain's name, or null.</summary>
    public required Func<int, string?> NameOf { get; init; }

    /// <summary>The held devices.</summary>
    public required IDeviceCustody Custody { get; init; }

    /// <summary>What became of devices' errors.</summary>
    public required Func<ErrorsReport> Errors { get; init; }

    /// <summary>The effective configuration.</summary>
    public required IReadOnlyList<SettingReport> Configuration { get; init; }

    /// <summary>What was granted; null where nobody grants.</summary>
    public GrantJournal? Journal { get; init; }

    /// <summary>What is left for the next daemon; null where nothing is.</summary>
    public GuestInheritance? Inheritance { get; init; }

    /// <summary>Where policies come from; null where nobody says.</summary>
    public PolicySources? Policies { get; init; }
}
