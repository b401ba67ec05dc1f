using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>Answer of <c>GET /v1/status</c>: everything at a glance.</summary>
/// <param name="Daemon">The daemon itself.</param>
/// <param name="Shards">Its shards.</param>
/// <param name="Engine">The engine's totals since the start.</param>
/// <param name="Guests">The guests it knows, by domain id.</param>
/// <param name="Assignable">The devices guests can have, by address.</param>
/// <param name="Errors">What became of devices' errors.</param>
/// <param name="Configuration">The effective configuration, each value with its origin.</param>
public sealed record StatusReport(
    DaemonReport Daemon,
    IReadOnlyList<ShardReport> Shards,
    EngineCounters Engine,
    IReadOnlyList<GuestReport> Guests,
    IReadOnlyList<DeviceReport> Assignable,
    ErrorsReport Errors,
    IReadOnlyList<SettingReport> Configuration);
