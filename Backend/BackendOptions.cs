using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Errors;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Execute;

namespace PciBackFlow.Backend;

/// <summary>What a backend is made of. Checked once, when the host is made.</summary>
public sealed record BackendOptions
{
    /// <summary>The platform: event channels, grants, xenstore.</summary>
    public required IHypervisor Hypervisor { get; init; }

    /// <summary>Where guests' functions come from. Not disposed by the host.</summary>
    public required IFunctionSource FunctionSource { get; init; }

    /// <summary>The toolstack's half over the devices of this custody; null: none, as for load, where another hand makes the guests.</summary>
    public DeviceService? Devices { get; init; }

    /// <summary>How stages lie over threads.</summary>
    public PipelineTopology Topology { get; init; } = PipelineTopology.Fused;

    /// <summary>Number of shards, 1 to 256; 0 for half of this machine's processors, at least one.</summary>
    public int Shards { get; init; }

    /// <summary>How long a shard keeps looking at the guests it has just served before it blocks, in microseconds: 0 to 1,000,000.</summary>
    public int SpinMicroseconds { get; init; } = 20;

    /// <summary>Times the stages of every N-th request, 0 (none) to 1,000,000.</summary>
    public int SampleEvery { get; init; }

    /// <summary>The engine's finer settings; topology, shards, spin and sampling are taken from this record's own properties.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>How host addresses become guest addresses.</summary>
    public SlotMode Slots { get; init; } = SlotMode.Vpci;

    /// <summary>What is said about what guests may do; by nobody when not said. The toolstack's options in xenstore come on top.</summary>
    public PolicySources Policies { get; init; } = new();

    /// <summary>
    /// Who enables interrupts; null: the platform, through its physical-device hypercalls. Where that has none either, such
    /// requests answer <c>not_implemented</c>.
    /// </summary>
    public IInterruptOperations? Interrupts { get; init; }

    /// <summary>Who tells of devices' errors; null: nobody. Not disposed by the host.</summary>
    public IErrorSource? Errors { get; init; }

    /// <summary>How long recoveries from errors take at most, and how many there may be.</summary>
    public ErrorTiming ErrorTiming { get; init; } = new();

    /// <summary>Where the control plane's lines go.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The number of shards that 0 stands for.</summary>
    public static int AutomaticShards => Math.Clamp(Environment.ProcessorCount / 2, 1, 256);
}
