using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Cli.Serve;

/// <summary>What a daemon runs with: validated, and each value with its origin in <see cref="Reports"/>.</summary>
internal sealed record DaemonSettings
{
    public required string Platform { get; init; }

    public required PipelineTopology Topology { get; init; }

    /// <summary>0 for half of the processors.</summary>
    public required int Shards { get; init; }

    public required int SpinMicroseconds { get; init; }

    /// <summary>0: no request's stages are timed.</summary>
    public required int SampleEvery { get; init; }

    /// <summary>0: none.</summary>
    public required int MetricsPort { get; init; }

    /// <summary>0: none.</summary>
    public required int PagePort { get; init; }

    public required SlotMode Slots { get; init; }

    public required string StateDirectory { get; init; }

    public required string RunDirectory { get; init; }

    public required LogLevel Log { get; init; }

    /// <summary>What the configuration says about guests' policies.</summary>
    public required PolicySources Policies { get; init; }

    /// <summary>What speaks how strongly against taking a device of the host.</summary>
    public required RefusalPolicy Refusals { get; init; }

    /// <summary>Reads them again; throws as reading them did.</summary>
    public required Func<DaemonSettings> ReadAgain { get; init; }

    /// <summary>The effective configuration, in the order of the documentation.</summary>
    public required IReadOnlyList<SettingReport> Reports { get; init; }
}
