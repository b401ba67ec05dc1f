using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend;

/// <summary>What a daemon runs with.</summary>
public sealed record BackendDaemonOptions
{
    /// <summary>The program's version, for reports.</summary>
    public required string Version { get; init; }

    /// <summary>The platform's word in reports: <c>xen</c> or <c>loopback</c>.</summary>
    public required string Platform { get; init; }

    /// <summary>What belongs to this boot: the grants' journal, xl's view. Exists, and is nobody else's.</summary>
    public required string RunDirectory { get; init; }

    /// <inheritdoc cref="BackendOptions.Topology"/>
    public PipelineTopology Topology { get; init; } = PipelineTopology.Fused;

    /// <inheritdoc cref="BackendOptions.Shards"/>
    public int Shards { get; init; }

    /// <inheritdoc cref="BackendOptions.SpinMicroseconds"/>
    public int SpinMicroseconds { get; init; } = 20;

    /// <inheritdoc cref="BackendOptions.SampleEvery"/>
    public int SampleEvery { get; init; }

    /// <summary>The TCP port of 127.0.0.1 on which metrics are answered as well, 1 to 65535; 0: on none.</summary>
    public int MetricsPort { get; init; }

    /// <summary>The TCP port of 127.0.0.1 on which the live page is answered as well, 1 to 65535; 0: on none.</summary>
    public int PagePort { get; init; }

    /// <inheritdoc cref="BackendOptions.Slots"/>
    public SlotMode Slots { get; init; } = SlotMode.Vpci;

    /// <inheritdoc cref="BackendOptions.Policies"/>
    public PolicySources Policies { get; init; } = new();

    /// <summary>The effective configuration, for reports: each value with its origin.</summary>
    public IReadOnlyList<SettingReport> Configuration { get; init; } = [];

    /// <summary>
    /// Reads the configuration again: what it says of policies now, and the whole of it for reports. Throws a <see cref="Failures.BackendException"/> when it
    /// says something wrong. Null: it can't be read again.
    /// </summary>
    public Func<(PolicySources Policies, IReadOnlyList<SettingReport> Configuration)>? ReadAgain { get; init; }

    /// <summary>Where the control plane's lines go.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
